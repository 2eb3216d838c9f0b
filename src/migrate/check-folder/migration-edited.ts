import type { Finding } from "../../core/finding.js";
import { hasObjectId } from "./committed-files.js";
import type { FolderRule } from "./folder-rule.js";

/** Databases have run what was committed; what is changed afterwards they never run. */
export const migrationEdited: FolderRule = {
  id: "migration-edited",
  threats: [79],
  check: ({ folders, committed, fileOf }) => {
    if (committed === undefined) return [];
    return folders.flatMap(({ name, sql }): Omit<Finding, "rule">[] => {
      if (sql === undefined) return [];
      const path = `${name}/migration.sql`;
      const merged = committed.merged.get(path);
      const own = committed.head.get(path);
      const id = merged ?? own;
      if (id === undefined || hasObjectId(sql, id)) return [];
      const about = { subject: name, file: fileOf(name, "migration.sql"), line: 1, column: 1 };
      if (merged !== undefined) {
        return [
          {
            level: "error",
            ...about,
            detail: "it is not what was merged: databases that have run it will not run the change",
            fix: "Restore the file from git, and put the change into a new migration: tenantry create NAME.",
          },
        ];
      }
      return [
        {
          level: "warning",
          ...about,
          detail:
            "it is not what was committed on this branch: databases that have run it refuse it from now on",
          fix: "Reset the databases of whoever has run it, or put the change into a new migration.",
        },
      ];
    });
  },
};
