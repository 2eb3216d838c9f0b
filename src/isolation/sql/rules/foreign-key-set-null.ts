import { tableSubject } from "../../../catalog/facts.js";
import { columnThen, declarationBehind } from "../declaration-behind.js";
import { findTables } from "../find-tables.js";
import type { SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A foreign key that would null, or reset, the tenant column along with the reference. */
export const foreignKeySetNull: SqlRule = {
  id: "foreign-key-set-null",
  threats: [18, 63],
  check: (context) => {
    const found = new Map<string, SqlFinding>();
    for (const table of findTables(context)) {
      const declared = declarationBehind(table, context);
      const column = declared === undefined ? undefined : columnThen(declared, table);
      if (declared === undefined || column === undefined) continue;
      const excepted = declared.declaration.exceptions.filter(({ rule }) => rule === foreignKeySetNull.id);
      for (const { name, reference, at } of table.keys.values()) {
        if (reference?.cleared.includes(column) !== true) continue;
        if (excepted.some(({ subject }) => subject === name)) continue;
        found.set(JSON.stringify([table.id, at.file, at.start, name]), {
          level: "error",
          subject: tableSubject(table.schema, table.name),
          ...placeOf(at),
          detail: `foreign key ${name} would set ${column} as well when what it refers to goes`,
          fix: "Name the columns that are to be nulled: on delete set null (…), without the tenant column.",
        });
      }
    }
    return [...found.values()];
  },
};
