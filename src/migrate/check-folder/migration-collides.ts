import type { FolderRule } from "./folder-rule.js";
import type { ScannedFolder } from "./scan-folder.js";

/** Two migrations of one second run in the order of their names; two snapshots of one id cannot be told apart. */
export const migrationCollides: FolderRule = {
  id: "migration-collides",
  threats: [],
  check: ({ folders, fileOf }) => {
    const sameTime = twins(folders, ({ name }) => /^\d{14}/.exec(name)?.[0]);
    const sameId = twins(folders, ({ snapshot }) => (typeof snapshot === "string" ? undefined : snapshot.id));
    return [
      ...sameId.map(([first, second]) => ({
        level: "error" as const,
        subject: second,
        file: fileOf(second, "snapshot.json"),
        detail: `its snapshot has the same id as that of ${first}`,
        fix: "Delete the copy, and write it with: tenantry create NAME.",
      })),
      ...sameTime
        .filter(([, second]) => !sameId.some(([, copy]) => copy === second))
        .map(([first, second]) => ({
          level: "error" as const,
          subject: second,
          file: fileOf(second, "migration.sql"),
          line: 1,
          column: 1,
          detail: `it has the same time as ${first}, so that only their names say which runs first`,
          fix: "Rename the folder that no database has run, so that it sorts after the other.",
        })),
    ];
  },
};

/** Each folder that shares its key with an earlier one, behind that. */
function twins(
  folders: readonly ScannedFolder[],
  keyOf: (folder: ScannedFolder) => string | undefined,
): (readonly [first: string, second: string])[] {
  const seen = new Map<string, string>();
  return folders.flatMap((folder) => {
    const key = keyOf(folder);
    if (key === undefined) return [];
    const first = seen.get(key);
    if (first !== undefined) return [[first, folder.name] as const];
    seen.set(key, folder.name);
    return [];
  });
}
