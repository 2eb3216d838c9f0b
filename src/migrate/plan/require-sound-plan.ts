import { TenantryError } from "../../core/errors.js";
import type { Plan, PlannedMigration } from "./plan-migrations.js";

/**
 * Refuses a plan whose past is not the folder's past.
 *
 * @param options.acceptEdited names of migrations that may be other than what was applied.
 * @throws TenantryError `migrations-folder` naming every migration that was edited, is missing, or cannot be told apart;
 * `argument-invalid` for a name to accept that the folder does not have.
 * @example requireSoundPlan(plan, { acceptEdited: ["20260101000000_init"] })
 */
export function requireSoundPlan(
  plan: Plan,
  options: { readonly acceptEdited?: readonly string[] } = {},
): void {
  const accepted = options.acceptEdited ?? [];
  const unknown = accepted.find((name) => plan.migrations.every((migration) => migration.name !== name));
  if (unknown !== undefined) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `There is no migration ${unknown} whose edit could be accepted.`,
      hint: 'Name it as "tenantry status" does.',
    });
  }
  const edited = plan.migrations.filter(({ state, name }) => state === "edited" && !accepted.includes(name));
  if (edited.length > 0) throw wasEdited(edited);
  if (plan.missing.length > 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `The database has applied ${plan.missing.length === 1 ? "a migration" : `${plan.missing.length} migrations`} that the folder does not have.`,
      details: plan.missing,
      hint: "Update your checkout: the folder must hold every migration that the database has run.",
    });
  }
  if (plan.ambiguous.length > 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `${plan.ambiguous.length === 1 ? "A row" : `${plan.ambiguous.length} rows`} of the ledger could be one of several migrations with the same text.`,
      details: plan.ambiguous.map(({ row, candidates }) => `${row}: ${candidates.join(" or ")}`),
      hint: "Say which it was: give the row the migration's own time (created_at), or, if the ledger has names, its name.",
    });
  }
}

const EDITS: Readonly<Record<NonNullable<PlannedMigration["edit"]>, string>> = {
  content: "",
  "line-ends": " (only in its line ends: see core.autocrlf and .gitattributes)",
  unknown: " (its row in the ledger has no hash: somebody may have written it by hand)",
};

function wasEdited(edited: readonly PlannedMigration[]): TenantryError {
  return new TenantryError({
    code: "migrations-folder",
    message: `${edited.length === 1 ? "A migration was" : `${edited.length} migrations were`} edited after being applied.`,
    details: edited.map(({ file, edit }) => `${file}${EDITS[edit ?? "content"]}`),
    hint: "Restore the file from git, and put the change into a new migration: tenantry create NAME. Or accept the edit: tenantry migrate --accept-edited NAME.",
  });
}
