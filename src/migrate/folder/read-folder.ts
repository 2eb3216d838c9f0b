import type { Dirent } from "node:fs";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import { compareMigrations } from "./compare-migrations.js";
import { findCollisions } from "./find-collisions.js";
import type { Migration } from "./migration.js";
import { JOURNAL, readJournalLayout } from "./read-journal-layout.js";
import { readV1Layout } from "./read-v1-layout.js";

/** A migrations folder as it is. */
export type FolderReading = {
  readonly layout: "v1" | "journal";
  /** What can be read, in the order in which to apply it. */
  readonly migrations: readonly Migration[];
  /** Errors keep the folder from being applied; warnings do not. */
  readonly problems: readonly Finding[];
};

/**
 * Reads a migrations folder of either layout, in the order in which to apply it.
 *
 * @throws TenantryError `migrations-folder` if it is missing, or naming everything in it that looks like a migration and
 * cannot be applied; also for a directive that is malformed.
 * @example const folder = await readFolder("drizzle");
 */
export async function readFolder(path: string): Promise<Migration[]> {
  return [...requireApplicable(await inspectFolder(path))];
}

/**
 * The migrations of a folder that was read.
 *
 * @throws TenantryError `migrations-folder` naming everything in it that keeps it from being applied.
 */
export function requireApplicable({ migrations, problems }: FolderReading): readonly Migration[] {
  const [first, ...others] = problems.filter(({ level }) => level === "error");
  if (first === undefined) return migrations;
  throw new TenantryError({
    code: "migrations-folder",
    message: `${first.detail.charAt(0).toUpperCase()}${first.detail.slice(1)}.`,
    details: others.map(({ detail }) => detail),
    hint: first.fix,
  });
}

/**
 * Reads a migrations folder of either layout with all that is wrong with it. No snapshot is opened: nothing needs one to
 * be applied.
 *
 * @throws TenantryError `migrations-folder` if there is no folder, or a journal that cannot be read.
 */
export async function inspectFolder(path: string): Promise<FolderReading> {
  const entries = readEntries(path);
  const hasJournal = existsSync(join(path, JOURNAL));
  const read = hasJournal ? await readJournalLayout(path, entries) : await readV1Layout(path, entries);
  const migrations = read.migrations.sort(compareMigrations);
  return {
    layout: hasJournal ? "journal" : "v1",
    migrations,
    problems: [...read.problems, ...findCollisions(migrations)],
  };
}

function readEntries(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (thrown) {
    const isMissing = codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR";
    throw new TenantryError({
      code: "migrations-folder",
      message: isMissing
        ? `There is no migrations folder at ${path}.`
        : `The migrations folder ${path} cannot be read: ${messageOf(thrown)}.`,
      hint: isMissing
        ? 'Run "tenantry create init" to write the first migration, or correct "out" in drizzle.config.ts.'
        : "Let the user who runs this read the folder.",
      cause: thrown,
    });
  }
}
