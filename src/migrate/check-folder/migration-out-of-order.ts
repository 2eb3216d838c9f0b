import type { FolderRule } from "./folder-rule.js";

/** Migrations run in the order of their names: one that sorts before its parent would run before it. */
export const migrationOutOfOrder: FolderRule = {
  id: "migration-out-of-order",
  threats: [],
  check: ({ folders, fileOf }) => {
    const nameOf = new Map(
      folders.flatMap(({ name, snapshot }) =>
        typeof snapshot === "string" ? [] : [[snapshot.id, name] as const],
      ),
    );
    return folders.flatMap(({ name, snapshot }) => {
      if (typeof snapshot === "string") return [];
      return snapshot.prevIds.flatMap((id) => {
        const parent = nameOf.get(id);
        if (parent === undefined || parent <= name) return [];
        return [
          {
            level: "error" as const,
            subject: name,
            file: fileOf(name, "migration.sql"),
            line: 1,
            column: 1,
            detail: `it runs before ${parent}, which it follows`,
            fix: "Rename the folder that no database has run, so that it sorts after its parent.",
          },
        ];
      });
    });
  },
};
