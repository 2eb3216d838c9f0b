import { tableSubject } from "../../../catalog/facts.js";
import { findOffspring } from "../find-offspring.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** CREATE TABLE AS, LIKE and SELECT INTO copy rows or columns, and never policies. */
export const tableCopied: SqlRule = {
  id: "table-copied",
  threats: [51],
  check: (context) =>
    findOffspring(context, "copy").map(({ table, origin }) => ({
      level: "error",
      subject: tableSubject(table.schema, table.name),
      ...placeOf(origin.at),
      detail: "it is made from a tenant table, whose policies are not copied",
      fix: "Declare it in the schema behind withTenantRls, make it a temporary table, or drop it in the same migration.",
    })),
};
