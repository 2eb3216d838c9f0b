import { countsForService, hasFloor, isPolicyBound } from "../policy-bound.js";
import type { PolicyState, TableState } from "../schema-state.js";
import { tableById } from "../schema-state.js";
import type { DeclaredTable, SqlContext, SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** Permissive policies are ORed: one that is not bound to the tenant opens the table, unless the floor contains it. */
export const policyWidens: SqlRule = {
  id: "policy-widens",
  threats: [5, 6, 7, 8, 12, 13, 14, 23, 24, 28],
  check: (context) =>
    [...context.declared].flatMap(([id, declared]) => {
      if (declared.declaration.kind === "global") return [];
      const states = [
        declared.final,
        ...context.units
          .filter(({ migration }) => migration.isNew)
          .flatMap(({ after }) => tableById(after, id) ?? []),
      ];
      const told = new Set<object>();
      return [...new Set(states)].flatMap((table) =>
        findWide(table, declared, context).flatMap((policy) => {
          if (told.has(policy.at)) return [];
          told.add(policy.at);
          return [describe(policy, table, declared, context)];
        }),
      );
    }),
};

function findWide(table: TableState, declared: DeclaredTable, context: SqlContext): PolicyState[] {
  const excepted = new Set(
    declared.declaration.exceptions
      .filter(({ rule }) => rule.startsWith("policy-"))
      .map(({ subject }) => subject),
  );
  return [...table.policies.values()].filter(
    (policy) =>
      policy.permissive &&
      countsForService(policy, context) &&
      !excepted.has(policy.name) &&
      !isPolicyBound(policy, table, declared, context),
  );
}

function describe(
  policy: PolicyState,
  table: TableState,
  declared: DeclaredTable,
  context: SqlContext,
): SqlFinding {
  const contained = hasFloor(table, declared, context);
  return {
    level: contained ? "warning" : "error",
    subject: declared.subject,
    ...placeOf(policy.at),
    detail: `policy ${policy.name} is not bound to the tenant${contained ? "; the floor contains it" : ""}`,
    fix: `Add the tenant to its condition, or declare the exception: exceptions: [{ rule: "${policyWidens.id}", subject: "${policy.name}", reason: "…" }].`,
  };
}
