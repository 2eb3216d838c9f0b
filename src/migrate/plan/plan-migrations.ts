import { TenantryError } from "../../core/errors.js";
import type { Migration } from "../folder/read-folder.js";
import type { LedgerEntry } from "../ledger/ledger.js";

/** A migration of the folder, compared with the ledger. */
export type PlannedMigration = Migration & {
  /** `edited`: applied, but the file is not what was applied. */
  readonly state: "applied" | "pending" | "edited";
};

/** Folder and ledger side by side. */
export type Plan = {
  readonly migrations: readonly PlannedMigration[];
  /** In the ledger and not in the folder. */
  readonly missing: readonly string[];
};

/** Compares the folder with the ledger: a set difference by name, so that a merged, older migration is never skipped. */
export function planMigrations(folder: readonly Migration[], ledger: readonly LedgerEntry[]): Plan {
  const applied = new Map(ledger.map((entry) => [entry.name, entry.hash]));
  const known = new Set(folder.map((migration) => migration.name));
  return {
    migrations: folder.map((migration) => {
      const hash = applied.get(migration.name);
      const state = hash === undefined ? "pending" : hash === migration.hash ? "applied" : "edited";
      return { ...migration, state };
    }),
    missing: ledger.map((entry) => entry.name).filter((name) => !known.has(name)),
  };
}

/** The migrations to apply, in order. */
export function pendingMigrations(plan: Plan): PlannedMigration[] {
  return plan.migrations.filter((migration) => migration.state === "pending");
}

/**
 * Refuses a plan whose past is not the folder's past.
 *
 * @throws TenantryError `migrations-folder` naming every migration that was edited or is missing.
 */
export function requireSoundPlan(plan: Plan): void {
  const edited = plan.migrations.filter((migration) => migration.state === "edited");
  if (edited.length > 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `${edited.length === 1 ? "A migration was" : `${edited.length} migrations were`} edited after being applied.`,
      details: edited.map((migration) => migration.file),
      hint: "Restore the file from git, and put the change into a new migration: tenantry create NAME.",
    });
  }
  if (plan.missing.length > 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `The database has applied ${plan.missing.length === 1 ? "a migration" : `${plan.missing.length} migrations`} that the folder does not have.`,
      details: plan.missing,
      hint: "Update your checkout: the folder must hold every migration that the database has run.",
    });
  }
}
