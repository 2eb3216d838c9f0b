import { tableSubject } from "../../catalog/facts.js";
import type { ExpressionUse } from "../../catalog/surroundings.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { findEffect } from "../function-effects.js";
import type { AuditContext, CatalogRule, RuleFinding } from "../rule.js";

/**
 * PostgreSQL runs the functions of indexes, checks, generated columns and partition keys on every row that is written,
 * whoever writes it, and on all rows when it builds the index or checks the constraint. They must do nothing but compute.
 */
export const expressionNotPure: CatalogRule = {
  id: "expression-not-pure",
  threats: [55],
  check: (context) => context.catalog.around.expressionUses.flatMap((use) => judge(use, context)),
};

function judge(use: ExpressionUse, { reach, catalog }: AuditContext): RuleFinding[] {
  const { calls } = use;
  const called = tableSubject(calls.schema, calls.name);
  const where = `${use.in} ${use.object} of ${tableSubject(use.schema, use.name)}`;
  const finding = (level: "error" | "warning", what: string, fix: string): RuleFinding[] => [
    {
      level,
      subject: tableSubject(use.schema, use.name),
      about: use.object,
      detail: `${where} calls ${called}, which ${what}`,
      fix,
    },
  ];
  const pure = `Take ${called} out of it, or let it do nothing but compute from its arguments.`;
  // Every default is computed as whoever inserts, and often has to be volatile: uuids, clocks.
  if (use.in === "default") {
    // That services own a function of these schemas is role-too-strong's to tell.
    const isTold = catalog.schemas.some(({ name }) => name === calls.schema);
    if (reach.isHolder(calls.owner) && isTold) return [];
    if (reach.isHolder(calls.owner))
      return finding("error", `${calls.owner} owns and may change`, ownerFix(use));
    const isForeign = calls.owner !== use.owner && findEffect(calls) === "acts";
    return isForeign
      ? finding("error", `belongs to ${calls.owner} and does more than compute`, ownerFix(use))
      : [];
  }
  if (calls.securityDefiner)
    return finding("error", `runs as ${calls.owner} on the rows of every tenant`, pure);
  const effect = findEffect(calls);
  if (effect === "acts") return finding("error", "does more than compute, on rows of every tenant", pure);
  if (effect === "reads") return finding("error", "reads tables: its result depends on who asks", pure);
  if (calls.volatility === "immutable") return [];
  return finding(
    "warning",
    `is ${calls.volatility}: its result for the same row may change`,
    `alter function ${qualify(calls.schema, calls.name)}(${calls.arguments}) immutable; if that is true of it.`,
  );
}

function ownerFix({ calls, owner }: ExpressionUse): string {
  return `alter function ${qualify(calls.schema, calls.name)}(${calls.arguments}) owner to ${quoteIdentifier(owner)};`;
}
