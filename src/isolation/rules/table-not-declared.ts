import type { Relation } from "../../catalog/catalog.js";
import { tableSubject } from "../../catalog/facts.js";
import type { AuditContext, CatalogRule, RuleFinding } from "../rule.js";

/** A table of which nobody has said whose its rows are, in the code or in the database alone. */
export const tableNotDeclared: CatalogRule = {
  id: "table-not-declared",
  threats: [1, 51],
  check: (context) => [
    ...context.expected.tables
      .filter((table) => table.declaration === undefined)
      .map((table) => ({
        level: "error" as const,
        subject: tableSubject(table.schema, table.name),
        detail: "the schema does not say whose its rows are",
        fix: "Add withTenantRls(t) to it, or globalTable(t, { reason }) if every tenant may read all of it.",
      })),
    ...findUnknown(context),
  ],
};

/** In the schemas that the code uses, everything; in others, what services can reach, such as the ledger. */
function findUnknown({ expected, catalog, reach, reads }: AuditContext): RuleFinding[] {
  const managed = new Set(expected.tables.map(({ schema }) => schema));
  const { tenant } = expected.settings.roles;
  const isKnown = (relation: Relation) =>
    expected.tables.some((table) => table.schema === relation.schema && table.name === relation.name);
  // Rules of their own judge these.
  const isOthers = (relation: Relation) =>
    relation.kind === "view" ||
    relation.kind === "foreign table" ||
    reads.parentOf(relation) !== undefined ||
    (relation.kind === "materialized view" &&
      (reads.readsTenantRows(relation) || reads.readsGlobalOnly(relation)));
  return [...catalog.relations, ...catalog.around.elsewhere]
    .filter((relation) => !isKnown(relation) && !isOthers(relation))
    .map((relation) => ({ relation, reachable: reach.canReach(relation) }))
    .filter(({ relation, reachable }) => reachable || managed.has(relation.schema))
    .map(({ relation, reachable }) => ({
      level: reachable ? "error" : "warning",
      subject: tableSubject(relation.schema, relation.name),
      detail: `the schema does not know this ${relation.kind}${reachable ? `, and ${tenant} can reach it` : ""}`,
      fix: managed.has(relation.schema)
        ? "Declare it in the schema, drop it, or move it to a schema of its own."
        : "Revoke what PUBLIC and the services hold on it, or declare it in the schema.",
    }));
}
