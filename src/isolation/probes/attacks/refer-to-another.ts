import { quoteIdentifier } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import { orderTables } from "../order-tables.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notApplicable, notPossible } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { Answer, AnswerRow } from "../probe-session.js";
import { bareInsert } from "../row-maker.js";
import type { ShapeReference } from "../table-shape.js";
import { copyTenant } from "../tenant-rows.js";

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

async function attackReference(given: AttackContext, reference: ShapeReference): Promise<Outcome> {
  const context = { ...given, newcomer: copyTenant(given.newcomer), stranger: copyTenant(given.stranger) };
  const { session, target, targets, maker, newcomer, stranger, shapes } = context;
  const { shape, declaration } = target;
  const parentTarget = targets.find((other) => other.shape.key === reference.foreignTable);
  if (parentTarget === undefined || !isTenantTarget(parentTarget))
    return notApplicable(`${reference.name} refers to rows that belong to no tenant`);
  const columns = reference.columns.filter((name) => name !== declaration.tenantColumn);
  if (columns.length === 0) return notApplicable(`${reference.name} is of the tenant alone`);
  const { commands } = declaration;
  if (!commands.includes("insert") && !commands.includes("update"))
    return notApplicable("services do not write");
  const isSelf = reference.foreignTable === shape.key;
  const parents = [];
  for (const tenant of [newcomer, stranger]) {
    if (isSelf) {
      const made = await maker.make(shape, tenant);
      if (!made.ok) return notPossible(`no parent could be made: ${made.reason}`);
      tenant.rows.set(shape.key, made.row);
    } else if (!tenant.rows.has(reference.foreignTable)) {
      // In a circle a row of this very table may come before its parent.
      await maker.makeAll(orderTables(shapes.tables, [reference.foreignTable]), tenant);
    }
    parents.push(tenant.rows.get(reference.foreignTable));
  }
  const [own, theirs] = parents;
  if (own === undefined || theirs === undefined) return notPossible(`no parent for ${reference.name}`);
  const pointTo = (parent: AnswerRow): Pointing =>
    new Map(
      shape.columns
        .filter(({ name }) => columns.includes(name))
        .map((column) => {
          const foreign = reference.foreignColumns[reference.columns.indexOf(column.name)] ?? "";
          return [column.name, castTo(column, parent[foreign] ?? null)] as const;
        }),
    );
  const pointings = [pointTo(own), pointTo(theirs)] as const;
  const outcomes = [];
  const isThere = newcomer.rows.has(shape.key) && !isSelf;
  if (commands.includes("insert") && !isThere) outcomes.push(await insertWith(context, reference, pointings));
  if (commands.includes("update") && commands.includes("select"))
    outcomes.push(await session.undone(() => updateTo(context, reference, pointings, isThere)));
  return judge.worst(outcomes);
}

type Pointing = ReadonlyMap<string, string>;

async function insertWith(
  { session, maker, target: { shape }, newcomer }: AttackContext,
  reference: ShapeReference,
  [own, theirs]: readonly [Pointing, Pointing],
): Promise<Outcome> {
  const made = await session.undone(() => maker.make(shape, newcomer, { fixed: own }));
  if (!made.ok) return notPossible(`no row could be made for ${reference.name}: ${made.reason}`);
  const state = { context: newcomer.id };
  const control = await session.attack(state, bareInsert(shape, made.values));
  if (!control.ok || control.count === 0)
    return judge.possible(control, `INSERT with an own parent (${reference.name})`);
  const wrong = new Map([...made.values, ...theirs]);
  return judgeAnswer(await session.attack(state, bareInsert(shape, wrong)), reference);
}

/** Points an own row, which is there already, to another tenant's parent. */
async function updateTo(
  { session, maker, target, newcomer }: AttackContext,
  reference: ShapeReference,
  [own, theirs]: readonly [Pointing, Pointing],
  isThere: boolean,
): Promise<Outcome> {
  const row = isThere ? undefined : await maker.make(target.shape, newcomer, { fixed: own });
  if (row?.ok === false) return notPossible(`no row could be made for ${reference.name}: ${row.reason}`);
  const state = { context: newcomer.id };
  const equal = (pointing: Pointing) =>
    [...pointing].map(([name, value]) => `${quoteIdentifier(name)} = ${value}`);
  const where = [aim.rowsOf(target, newcomer), ...(isThere ? [] : equal(own))].join(" and ");
  const update = (to: Pointing) => `update ${target.place} set ${equal(to).join(", ")} where ${where}`;
  const control = await session.attack(state, update(own));
  if (!control.ok || control.count === 0)
    return judge.possible(control, `UPDATE with an own parent (${reference.name})`);
  return judgeAnswer(await session.attack(state, update(theirs)), reference);
}

function judgeAnswer(answer: Answer, reference: ShapeReference): Outcome {
  if (answer.ok) return leaked(`${reference.name} accepted a row of another tenant as parent`);
  return answer.code === "23503" || judge.isRefused(answer) ? HELD : judge.unexpected(answer);
}
