import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notApplicable, notPossible } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { bareInsert } from "../row-maker.js";
import type { ShapeReference } from "../table-shape.js";

/** Attaches an own row to another tenant's parent. The server's check of a reference asks no policy. */
export const referToAnother: Probe = {
  id: "probe-reference",
  threats: [62],
  title: "a foreign key accepts another tenant's row",
  fix: "Write the reference with tenantForeignKey(t, …), so that the tenant is part of it.",
  applies: (target) => isTenantTarget(target) && target.shape.references.length > 0,
  attack: async (context) => {
    const outcomes = [];
    for (const reference of context.target.shape.references)
      outcomes.push(await context.session.undone(() => attackReference(context, reference)));
    return judge.worst(outcomes);
  },
};

async function attackReference(context: AttackContext, reference: ShapeReference): Promise<Outcome> {
  const { session, target, targets, maker, newcomer, stranger, shapes } = context;
  const { shape, declaration } = target;
  const parentTarget = targets.find((other) => other.shape.key === reference.foreignTable);
  if (parentTarget === undefined || !isTenantTarget(parentTarget))
    return notApplicable(`${reference.name} refers to rows that belong to no tenant`);
  const columns = reference.columns.filter((name) => name !== declaration.tenantColumn);
  if (columns.length === 0) return notApplicable(`${reference.name} is of the tenant alone`);
  if (!declaration.commands.includes("insert")) return notApplicable("services do not insert");
  if (reference.foreignTable === shape.key) {
    for (const tenant of [newcomer, stranger]) {
      const parent = await maker.make(shape, tenant);
      if (!parent.ok) return notPossible(`no parent could be made: ${parent.reason}`);
      tenant.rows.set(shape.key, parent.row);
    }
  }
  try {
    const parents = [newcomer, stranger].map((tenant) => tenant.rows.get(reference.foreignTable));
    const [own, theirs] = parents;
    const parentShape = shapes.tables.get(reference.foreignTable);
    if (own === undefined || theirs === undefined || parentShape === undefined)
      return notPossible(`no parent for ${reference.name}`);
    const pointTo = (parent: typeof own) =>
      new Map(
        shape.columns
          .filter(({ name }) => columns.includes(name))
          .map((column) => {
            const foreign = reference.foreignColumns[reference.columns.indexOf(column.name)] ?? "";
            return [column.name, castTo(column, parent[foreign] ?? null)] as const;
          }),
      );
    const made = await session.undone(() => maker.make(shape, newcomer, { fixed: pointTo(own) }));
    if (!made.ok) return notPossible(`no row could be made for ${reference.name}: ${made.reason}`);
    const state = { context: newcomer.id };
    const control = await session.attack(state, bareInsert(shape, made.values));
    if (!control.ok || control.count === 0)
      return judge.possible(control, `INSERT with an own parent (${reference.name})`);
    const wrong = new Map([...made.values, ...pointTo(theirs)]);
    const answer = await session.attack(state, bareInsert(shape, wrong));
    if (answer.ok) return leaked(`${reference.name} accepted a row of another tenant as parent`);
    return answer.code === "23503" || judge.isRefused(answer) ? HELD : judge.unexpected(answer);
  } finally {
    if (reference.foreignTable === shape.key) {
      newcomer.rows.delete(shape.key);
      stranger.rows.delete(shape.key);
    }
  }
}
