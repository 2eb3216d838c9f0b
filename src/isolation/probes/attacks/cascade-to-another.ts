import { qualify, quoteIdentifier } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notApplicable, notPossible } from "../outcome.js";
import type { AttackContext, Probe, ProbeTarget } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { AnswerRow } from "../probe-session.js";
import type { ShapeReference } from "../table-shape.js";

type Child = { readonly target: ProbeTarget; readonly reference: ShapeReference };

/** Cascade, set null, set default: what changes other rows. */
const PASSES_ON: readonly string[] = ["c", "n", "d"];

/** Deletes an own row to which another tenant's row refers, or changes its key, and looks whether that one changes. */
export const cascadeToAnother: Probe = {
  id: "probe-cascade",
  threats: [63],
  title: "deleting an own row, or changing its key, changes rows of another tenant",
  fix: "Write the reference with tenantForeignKey(t, …), so that the tenant is part of it.",
  applies: (target) =>
    isTenantTarget(target) &&
    (target.declaration.commands.includes("delete") || target.declaration.commands.includes("update")),
  attack: async (context) => {
    const { commands } = context.target.declaration;
    const children = context.targets.filter(isTenantTarget).flatMap((target) =>
      target.shape.references
        .filter((reference) => reference.foreignTable === context.target.shape.key)
        .filter(
          ({ onDelete, onUpdate }) =>
            (PASSES_ON.includes(onDelete) && commands.includes("delete")) ||
            (PASSES_ON.includes(onUpdate) && commands.includes("update")),
        )
        .map((reference) => ({ target, reference })),
    );
    if (children.length === 0) return notApplicable("no reference passes a change on");
    const outcomes = [];
    for (const child of children)
      outcomes.push(await context.session.undone(() => attackChild(context, child)));
    return judge.worst(outcomes);
  },
};

async function attackChild(context: AttackContext, child: Child): Promise<Outcome> {
  const { maker, target, newcomer, victim } = context;
  const { reference } = child;
  const { shape } = child.target;
  const own = child.target.declaration.tenantColumn;
  if (reference.columns.every((name) => name === own))
    return notApplicable(`${reference.name} is of the tenant alone`);
  // A row of its own for this: nothing else refers to it, and so nothing else keeps it from being deleted.
  const kept = newcomer.rows.get(target.shape.key);
  const fresh = kept === undefined ? await maker.make(target.shape, newcomer) : undefined;
  if (fresh?.ok === false) return notPossible(`no row to delete could be made: ${fresh.reason}`);
  const parent = kept ?? fresh?.row ?? {};
  const fixed = new Map(
    shape.columns
      .filter(({ name }) => reference.columns.includes(name) && name !== own)
      .map(
        (column) => [column.name, castTo(column, parent[foreignOf(reference, column.name)] ?? null)] as const,
      ),
  );
  const made = await maker.make(shape, victim, { fixed });
  if (!made.ok) {
    // This reference keeps the two apart, or another to the same table. Partitions have names of their own for them.
    const keepers = shape.references.filter(({ foreignTable }) => foreignTable === target.shape.key);
    const isKept =
      made.reason.startsWith("23503") &&
      (shape.isPartitioned || keepers.some(({ name }) => made.reason.includes(`"${name}"`)));
    return isKept ? HELD : notPossible(`no row could be made for ${reference.name}: ${made.reason}`);
  }
  const { commands } = target.declaration;
  const outcomes = [];
  if (PASSES_ON.includes(reference.onDelete) && commands.includes("delete"))
    outcomes.push(await strike(context, child, fixed, `delete from ${target.place}`, parent));
  const moved = PASSES_ON.includes(reference.onUpdate) && commands.includes("update");
  const set = moved ? await otherKey(context, reference) : undefined;
  if (set !== undefined)
    outcomes.push(await strike(context, child, fixed, `update ${target.place} set ${set}`, parent));
  return judge.worst(outcomes);
}

/** Runs the statement on the own row, and looks whether the victim's row refers to it as before. */
async function strike(
  { session, target, newcomer, victim }: AttackContext,
  { target: child, reference }: Child,
  fixed: ReadonlyMap<string, string>,
  statement: string,
  parent: AnswerRow,
): Promise<Outcome> {
  const theirs = [aim.rowsOf(child, victim)].concat(
    [...fixed].map(([name, value]) => `${quoteIdentifier(name)} = ${value}`),
  );
  const named = target.shape.columns
    .filter(({ name }) => reference.foreignColumns.includes(name))
    .map((column) => `${quoteIdentifier(column.name)} = ${castTo(column, parent[column.name] ?? null)}`);
  const { answer, proof } = await session.attackAndProve(
    { context: newcomer.id },
    `${statement} where ${[aim.rowsOf(target, newcomer), ...named].join(" and ")}`,
    `select count(*)::text as n from ${qualify(child.shape.schema, child.shape.name)} where ${theirs.join(" and ")}`,
  );
  if (answer.ok && answer.count === 0) return judge.possible(answer, "changing an own row");
  if (answer.ok)
    return proof[0]?.n === "0"
      ? leaked(`${reference.name} passed the change on to another tenant's row`)
      : HELD;
  if (judge.isRefused(answer)) return HELD;
  // Nothing of the attacker's own refers to the row: what stopped it is the victim's row, or was there before.
  return judge.isConstraint(answer)
    ? notPossible(`${answer.constraint ?? answer.code} came before ${reference.name}`)
    : judge.unexpected(answer);
}

/** What gives the row another key; undefined if only the tenant, or what the server fills, is in it. */
async function otherKey(
  { session, maker, target, newcomer }: AttackContext,
  reference: ShapeReference,
): Promise<string | undefined> {
  const columns = target.shape.columns.filter(
    ({ name, generated, identity }) =>
      reference.foreignColumns.includes(name) &&
      name !== target.declaration.tenantColumn &&
      generated === null &&
      identity !== "a",
  );
  const other = await session.undone(() => maker.make(target.shape, newcomer));
  if (columns.length === 0 || !other.ok) return undefined;
  return columns
    .map((column) => `${quoteIdentifier(column.name)} = ${castTo(column, other.row[column.name] ?? null)}`)
    .join(", ");
}

function foreignOf(reference: ShapeReference, column: string): string {
  return reference.foreignColumns[reference.columns.indexOf(column)] ?? "";
}
