import type { FolderRule } from "./folder-rule.js";

/** A migration has both of its files, or nobody can go on from it. */
export const migrationOrphaned: FolderRule = {
  id: "migration-orphaned",
  threats: [],
  check: ({ folders, fileOf }) => {
    // Without any snapshot, drizzle-kit does not write this folder.
    const hasSnapshots = folders.some(({ snapshot }) => snapshot !== "missing");
    return folders.flatMap(({ name, sql, snapshot }) => {
      const about = { level: "error" as const, subject: name };
      if (sql === undefined) {
        return [
          {
            ...about,
            file: fileOf(name, "migration.sql"),
            detail: "the folder has no migration.sql",
            fix: "Restore the file from git, or remove the folder if no database has run it.",
          },
        ];
      }
      if (snapshot === "missing" && hasSnapshots) {
        return [
          {
            ...about,
            file: fileOf(name, "migration.sql"),
            line: 1,
            column: 1,
            detail: "the folder has no snapshot.json: drizzle-kit does not see what it changes",
            fix: "Restore the file from git, or write the migration with: tenantry create NAME.",
          },
        ];
      }
      if (snapshot !== "unreadable") return [];
      return [
        {
          ...about,
          file: fileOf(name, "snapshot.json"),
          detail: "the file is no snapshot: it is not JSON, or has no id and prevIds",
          fix: "Restore it from git; of a merge conflict, keep one of the two versions.",
        },
      ];
    });
  },
};
