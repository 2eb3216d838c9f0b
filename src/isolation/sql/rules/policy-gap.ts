import type { Unit } from "../interpret.js";
import { tableById } from "../schema-state.js";
import type { SqlContext, SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A policy is dropped in one commit and created in a later one: in between its table stands without it. */
export const policyGap: SqlRule = {
  id: "policy-gap",
  threats: [78],
  check: (context) =>
    context.units.flatMap((unit, index) =>
      unit.migration.isNew ? findGaps(context, unit, context.units.slice(index + 1)) : [],
    ),
};

function findGaps({ declared }: SqlContext, unit: Unit, later: readonly Unit[]): SqlFinding[] {
  return [...declared].flatMap(([id, { subject }]) => {
    const before = tableById(unit.before, id);
    const after = tableById(unit.after, id);
    return [...(after?.droppedPolicies ?? [])].flatMap(([name, at]) => {
      if (before?.droppedPolicies.get(name) === at) return [];
      const restored = later.find(({ after: then }) => tableById(then, id)?.policies.has(name) === true);
      if (restored === undefined) return [];
      const where =
        restored.migration.name === unit.migration.name
          ? "only after a commit in the same migration"
          : `only in ${restored.migration.name}`;
      return [
        {
          level: "error" as const,
          subject,
          ...placeOf(at),
          detail: `policy ${name} is dropped here and created again ${where}`,
          fix: "Drop and create it in one transaction: one migration, with nothing in between that commits.",
        },
      ];
    });
  });
}
