import { tableSubject } from "../../../catalog/facts.js";
import { findOffspring } from "../find-offspring.js";
import type { TableState } from "../schema-state.js";
import { tableById } from "../schema-state.js";
import type { SqlContext, SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** The parent's policies do not apply to whoever names the partition. */
export const partitionWithoutPolicy: SqlRule = {
  id: "partition-without-policy",
  threats: [50, 51],
  check: (context) => [
    ...findShown(context),
    ...findOffspring(context, "child").map(({ table, origin }) => ({
      level: "error" as const,
      subject: tableSubject(table.schema, table.name),
      ...placeOf(origin.at),
      detail:
        "policies of the parent do not apply where the partition or child is named itself, and it has none",
      fix: "In the same migration: enable and force row level security on it, and create the parent's policies on it.",
    })),
  ],
};

/** Tenant tables whose rows show in a parent that is none: the parent's policies decide there, if it has any. */
function findShown(context: SqlContext): SqlFinding[] {
  const states = [
    context.final,
    ...context.units.flatMap(({ migration, endsMigration, after }) =>
      migration.isNew && endsMigration ? [after] : [],
    ),
  ];
  const found = new Map<object, SqlFinding>();
  for (const state of states) {
    for (const [id, { subject, declaration }] of context.declared) {
      const { origin } = tableById(state, id) ?? {};
      if (declaration.kind === "global" || origin?.kind !== "child" || found.has(origin.at)) continue;
      const parent = origin.of.map((of) => tableById(state, of)).find((of) => !isTenantTable(of, context));
      if (parent === undefined) continue;
      const shown = tableSubject(parent.schema, parent.name);
      found.set(origin.at, {
        level: "error",
        subject,
        ...placeOf(origin.at),
        detail: `its rows show in ${shown}, its parent, past its own policies`,
        fix: `Take it out; or alter table ${subject} no inherit ${shown}, or detach the partition, in the same migration.`,
      });
    }
  }
  return [...found.values()];
}

function isTenantTable(table: TableState | undefined, { tenantTables }: SqlContext): boolean {
  return table !== undefined && tenantTables.has(table.id);
}
