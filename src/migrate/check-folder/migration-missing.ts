import type { FolderRule } from "./folder-rule.js";

/** The first snapshot has this as its parent. */
const ROOT = "00000000-0000-0000-0000-000000000000";

/** A migration that others build on is gone from the folder. */
export const migrationMissing: FolderRule = {
  id: "migration-missing",
  threats: [79],
  check: ({ folders, committed, fileOf }) => {
    const names = new Set(folders.map(({ name }) => name));
    const deleted = [...(committed?.merged.keys() ?? [])].flatMap((path) => {
      const [name = "", file] = path.split("/");
      return file === "migration.sql" && !names.has(name) ? [name] : [];
    });
    const ids = new Set(
      folders.flatMap(({ snapshot }) => (typeof snapshot === "string" ? [] : [snapshot.id])),
    );
    return [
      ...deleted.map((name) => ({
        level: "error" as const,
        subject: name,
        file: fileOf(name, "migration.sql"),
        detail: "it was merged and is no longer in the folder: databases have run it",
        fix: "Restore the folder from git; take back what it did in a new migration.",
      })),
      // What git knows to be deleted is told once, and not again at each child.
      ...(deleted.length > 0 ? [] : folders).flatMap(({ name, snapshot }) => {
        if (typeof snapshot === "string") return [];
        const lost = snapshot.prevIds.filter((id) => id !== ROOT && !ids.has(id));
        if (lost.length === 0) return [];
        return [
          {
            level: "error" as const,
            subject: name,
            file: fileOf(name, "snapshot.json"),
            detail: `the migration that it follows is not in the folder (snapshot ${lost.join(", ")})`,
            fix: "Restore that migration's folder from git.",
          },
        ];
      }),
    ];
  },
};
