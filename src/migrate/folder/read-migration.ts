import type { Finding } from "../../core/finding.js";
import { parseDirectives } from "./directives.js";
import type { Migration, SiblingSql } from "./migration.js";
import { readSql } from "./read-sql.js";

/** Where a migration lies. */
export type MigrationPlace = Pick<Migration, "name" | "file" | "createdAt" | "layout" | "index"> & {
  readonly verifyFile: string | undefined;
  readonly downFile: string | undefined;
};

/** What has been read of a folder, for the readers of both layouts to fill. */
export type FolderParts = { readonly migrations: Migration[]; readonly problems: Finding[] };

/**
 * Reads one migration and what lies beside it into `parts`: itself, or why it cannot be read.
 *
 * @throws TenantryError `migrations-folder` for a malformed directive.
 */
export function readMigration(place: MigrationPlace, parts: FolderParts): void {
  const { verifyFile, downFile, ...own } = place;
  const read = readOrReport(place.name, place.file, parts);
  if (read === undefined) return;
  const verifySql = readSibling(place.name, verifyFile, parts);
  const downSql = readSibling(place.name, downFile, parts);
  parts.migrations.push({
    ...own,
    ...read,
    directives: parseDirectives(read.sql, place.file),
    ...(verifySql === undefined ? {} : { verifySql }),
    ...(downSql === undefined ? {} : { downSql }),
  });
}

function readSibling(name: string, file: string | undefined, parts: FolderParts): SiblingSql | undefined {
  if (file === undefined) return undefined;
  const read = readOrReport(name, file, parts);
  return read && { file, sql: read.sql };
}

function readOrReport(name: string, file: string, { problems }: FolderParts) {
  const read = readSql(file);
  if ("problem" in read) {
    const isMissing = read.problem === "is missing";
    problems.push({
      rule: "migration-orphaned",
      level: "error",
      subject: name,
      file,
      detail: isMissing
        ? `migration ${name} has no ${baseOf(file)}`
        : `migration ${name}: ${file} ${read.problem}`,
      fix: isMissing
        ? `Restore ${file} from git, or take the migration out if no database has run it.`
        : `Make ${file} a readable file in UTF-8, or restore it from git.`,
    });
    return undefined;
  }
  if (!read.isClean) {
    problems.push({
      rule: "migration-orphaned",
      level: "warning",
      subject: name,
      file,
      detail: `migration ${name}: ${file} is not UTF-8, and what cannot be read in it is sent as U+FFFD`,
      fix: "Save the file as UTF-8, if no database has run it.",
    });
  }
  return { sql: read.sql, hash: read.hash };
}

function baseOf(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}

/** Lets others have a turn now and then: reading blocks. */
export async function forEachInSlices<T>(items: readonly T[], use: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % 200 === 0) await new Promise((resume) => setImmediate(resume));
    use(item);
  }
}
