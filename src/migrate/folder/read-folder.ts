import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, TenantryError } from "../../core/errors.js";

/** One migration as it stands on disk. */
export type Migration = {
  /** The folder's name, `<UTC>_<name>`: the key in the ledger. */
  readonly name: string;
  readonly file: string;
  /** The time in the name, in milliseconds since 1970, as drizzle-orm writes it into the ledger. */
  readonly createdAt: number;
  /** The whole of `migration.sql`. */
  readonly sql: string;
  /** SHA-256 of `sql` in hexadecimal, as drizzle-orm computes it. */
  readonly hash: string;
};

/** What drizzle-kit writes between two statements. */
export const STATEMENT_BREAKPOINT = "--> statement-breakpoint";

/** `<UTC>_<name>` of drizzle-kit 1.0: fourteen digits, then a name. */
const FOLDER_NAME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:_.*)?$/;

/**
 * Reads a migrations folder in drizzle-kit's v1 layout, in the order in which to apply it.
 *
 * @throws TenantryError `migrations-folder` if it is missing, in the old layout, or holds something that looks like a
 * migration and is none.
 */
export async function readFolder(path: string): Promise<Migration[]> {
  const entries = await readEntries(path);
  if (entries.some((entry) => entry.name === "meta")) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `The migrations folder ${path} is in the layout of drizzle-kit 0.x (meta/_journal.json).`,
      hint: 'Run "npx drizzle-kit up" once; it moves every migration into a folder of its own.',
    });
  }
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const migrations = await Promise.all(folders.map((entry) => readMigration(path, entry.name)));
  return migrations.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The pieces of a migration that drizzle-orm would send one by one; empty ones are left out. */
export function splitBreakpoints(sql: string): string[] {
  return sql
    .split(STATEMENT_BREAKPOINT)
    .map((chunk) => chunk.trim())
    .filter((chunk) => chunk !== "");
}

async function readEntries(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (thrown) {
    if (codeOf(thrown) !== "ENOENT" && codeOf(thrown) !== "ENOTDIR") throw thrown;
    throw new TenantryError({
      code: "migrations-folder",
      message: `There is no migrations folder at ${path}.`,
      hint: 'Run "tenantry create init" to write the first migration, or correct "out" in drizzle.config.ts.',
      cause: thrown,
    });
  }
}

async function readMigration(folder: string, name: string): Promise<Migration> {
  const file = join(folder, name, "migration.sql");
  const parts = FOLDER_NAME.exec(name)?.slice(1).map(Number);
  if (parts === undefined) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `The folder ${join(folder, name)} is not named like a migration (YYYYMMDDHHMMSS_name).`,
      hint: "Move it out of the migrations folder, or give it its name back from git.",
    });
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  const sql = await readSql(file, name);
  return {
    name,
    file,
    createdAt: Date.UTC(year, month - 1, day, hour, minute, second),
    sql,
    hash: createHash("sha256").update(sql).digest("hex"),
  };
}

async function readSql(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    if (codeOf(thrown) !== "ENOENT") throw thrown;
    throw new TenantryError({
      code: "migrations-folder",
      message: `Migration ${name} has no migration.sql.`,
      hint: `Restore ${file} from git, or remove the folder if no database has run it.`,
      cause: thrown,
    });
  }
}
