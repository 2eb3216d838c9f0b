import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../core/finding.js";
import { inspectFolder } from "../folder/read-folder.js";
import { readParents } from "../folder/read-parents.js";
import { checkFolder } from "./check-folder.js";
import type { CommittedFiles } from "./committed-files.js";

/**
 * Judges a migrations folder in the layout of drizzle-kit 0.x: what its reader finds wrong with it, and the rules over
 * what git has, which know folders: there, `0001_add.sql` is the migration of a folder `0001_add`.
 *
 * @throws TenantryError `migrations-folder` as `inspectFolder`.
 */
export async function checkJournalLayout(
  path: string,
  committed: CommittedFiles | undefined,
  show: (file: string) => string,
): Promise<Finding[]> {
  const { layout, migrations: read, problems } = await inspectFolder(path);
  if (layout !== "journal") return [];
  const { migrations, problems: snapshots } = await readParents(read);
  const names = new Set(migrations.map(({ name }) => name));
  const toFolders = (tree: ReadonlyMap<string, string>) =>
    new Map(
      [...tree].flatMap(([file, id]): [string, string][] => {
        const name = /^([^/]+)\.sql$/.exec(file)?.[1];
        // A file that is there, and that the journal does not name, is nobody's migration.
        if (name === undefined || (!names.has(name) && existsSync(join(path, file)))) return [];
        return [[`${name}/migration.sql`, id]];
      }),
    );
  return [
    ...[...problems, ...snapshots].map((finding) =>
      finding.file === undefined ? finding : { ...finding, file: show(finding.file) },
    ),
    ...checkFolder({
      folders: migrations.map(({ name, file }) => ({
        name,
        sql: readFileSync(file, "utf8"),
        snapshot: "missing",
      })),
      fileOf: (name) => show(join(path, `${name}.sql`)),
      committed: committed && { merged: toFolders(committed.merged), head: toFolders(committed.head) },
    }),
  ];
}
