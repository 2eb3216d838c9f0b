import { tableSubject } from "../../../catalog/facts.js";
import { managedSchemas } from "../../managed-schemas.js";
import type { TableState } from "../schema-state.js";
import type { SqlContext, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A table that migrations make and the code does not know: nobody has said whose its rows are. */
export const tableNotDeclared: SqlRule = {
  id: "table-not-declared",
  threats: [1],
  check: (context) => {
    const schemas = new Set(managedSchemas(context.expected));
    const known = new Set(context.expected.tables.map(({ schema, name }) => tableSubject(schema, name)));
    return [...context.final.tables.values()].flatMap((table) => {
      const subject = tableSubject(table.schema, table.name);
      // Parts, copies and foreign tables have rules of their own.
      if (table.createdAt === undefined || table.origin.kind !== "plain") return [];
      if (!schemas.has(table.schema) || known.has(subject)) return [];
      const role = reachedBy(table, context);
      return [
        {
          level: role === undefined ? "warning" : "error",
          subject,
          ...placeOf(table.createdAt),
          detail: `the schema does not know this table${role === undefined ? "" : `, and ${role} can reach it`}`,
          fix: "Declare it in the schema, drop it, or move it to a schema of its own.",
        },
      ];
    });
  },
};

function reachedBy({ grants }: TableState, { expected }: SqlContext): string | undefined {
  return ["PUBLIC", expected.settings.roles.tenant].find((role) => grants.has(role));
}
