import { qualify, quoteIdentifier } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notApplicable, notPossible } from "../outcome.js";
import type { AttackContext, Probe, ProbeTarget } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { ShapeReference } from "../table-shape.js";

type Child = { readonly target: ProbeTarget; readonly reference: ShapeReference };

/** Deletes an own row to which another tenant's row refers, and looks whether that one is changed. */
export const cascadeToAnother: Probe = {
  id: "probe-cascade",
  threats: [63],
  title: "deleting an own row changes rows of another tenant",
  fix: "Write the reference with tenantForeignKey(t, …), so that the tenant is part of it.",
  applies: (target) => isTenantTarget(target) && target.declaration.commands.includes("delete"),
  attack: async (context) => {
    const children = context.targets.filter(isTenantTarget).flatMap((target) =>
      target.shape.references
        .filter((reference) => reference.foreignTable === context.target.shape.key)
        // Cascade, set null, set default: what changes other rows.
        .filter((reference) => ["c", "n", "d"].includes(reference.onDelete))
        .map((reference) => ({ target, reference })),
    );
    if (children.length === 0) return notApplicable("no reference passes a deletion on");
    const outcomes = [];
    for (const child of children)
      outcomes.push(await context.session.undone(() => attackChild(context, child)));
    return judge.worst(outcomes);
  },
};

async function attackChild(context: AttackContext, child: Child): Promise<Outcome> {
  const { session, maker, target, attacker, victim } = context;
  const { reference } = child;
  const { shape } = child.target;
  const parent = attacker.rows.get(target.shape.key);
  if (parent === undefined) return notApplicable("no row to delete");
  const own = child.target.declaration.tenantColumn;
  const fixed = new Map(
    shape.columns
      .filter(({ name }) => reference.columns.includes(name) && name !== own)
      .map((column) => {
        const foreign = reference.foreignColumns[reference.columns.indexOf(column.name)] ?? "";
        return [column.name, castTo(column, parent[foreign] ?? null)] as const;
      }),
  );
  if (fixed.size === 0) return HELD;
  const made = await maker.make(shape, victim, { fixed });
  // The reference itself keeps the two apart.
  if (!made.ok && made.reason.startsWith("23503")) return HELD;
  if (!made.ok) return notPossible(`no row could be made for ${reference.name}: ${made.reason}`);
  const where = [aim.rowsOf(child.target, victim)].concat(
    [...fixed].map(([name, value]) => `${quoteIdentifier(name)} = ${value}`),
  );
  const { answer, proof } = await session.attackAndProve(
    { context: attacker.id },
    `delete from ${target.place} where ${aim.rowsOf(target, attacker)}`,
    `select count(*)::text as n from ${qualify(shape.schema, shape.name)} where ${where.join(" and ")}`,
  );
  if (answer.ok) {
    const isGone = answer.count > 0 && proof[0]?.n === "0";
    return isGone ? leaked(`${reference.name} passed the deletion on to another tenant's row`) : HELD;
  }
  return judge.isRefused(answer) || judge.isConstraint(answer) ? HELD : judge.unexpected(answer);
}
