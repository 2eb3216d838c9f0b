import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { NO_DIRECTIVES } from "../../src/migrate/folder/directives.js";
import type { Migration } from "../../src/migrate/folder/migration.js";

/** A migration that is on no disk; its hash is that of its text. */
export function aMigration(parts: Partial<Migration> & { readonly name: string }): Migration {
  const sql = parts.sql ?? `-- ${parts.name}`;
  return {
    file: `drizzle/${parts.name}/migration.sql`,
    createdAt: 0,
    sql,
    hash: createHash("sha256").update(sql).digest("hex"),
    layout: "v1",
    directives: NO_DIRECTIVES,
    ...parts,
  };
}

/** A folder with these files, by their paths in it; removed after the test. */
export async function makeFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tenantry-folder-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** One entry of a journal that is to be written. */
export type JournalLine = { readonly tag: string; readonly when: number; readonly sql: string };

/** The files of a folder in drizzle-kit's old layout, journal included. */
export function journalFiles(lines: readonly JournalLine[]): Record<string, string> {
  const entries = lines.map(({ tag, when }, idx) => ({ idx, version: "7", when, tag, breakpoints: true }));
  return {
    "meta/_journal.json": JSON.stringify({ version: "7", dialect: "postgresql", entries }),
    ...Object.fromEntries(lines.map(({ tag, sql }) => [`${tag}.sql`, sql])),
  };
}
