import { basename } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Migration } from "../../migrate/folder/migration.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { DataProject } from "../data-project.js";

/**
 * The migrations that make the tables of a backup, out of the project's folder.
 *
 * @throws TenantryError `migrations-folder` naming those that the folder lacks, or has in another form.
 */
export function requireMigrations(
  path: string,
  manifest: Manifest,
  { folder, out }: DataProject,
): Migration[] {
  const byName = new Map(folder.map((migration) => [migration.name, migration]));
  const problems = manifest.position.migrations.flatMap(({ name, hash }) => {
    const found = byName.get(name);
    if (found === undefined) return [`${name} is missing`];
    return found.hash === hash ? [] : [`${name} is another file than the one that was applied`];
  });
  if (problems.length > 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `${basename(out)} cannot make the tables of ${basename(path)}.`,
      details: problems,
      hint: "Nothing was touched. Check out the revision that the backup was taken with, or a later one, and run it again.",
    });
  }
  const wanted = new Set(manifest.position.migrations.map(({ name }) => name));
  return folder.filter(({ name }) => wanted.has(name));
}
