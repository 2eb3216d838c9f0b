import { castTo } from "../column-choices.js";
import { expressionParts } from "../expression-parts.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { notApplicable, notPossible } from "../outcome.js";
import type { AttackContext } from "../probe.js";
import type { Answer } from "../probe-session.js";
import { bareInsert } from "../row-maker.js";
import type { ShapeKey } from "../table-shape.js";

/** What a row that takes another tenant's key was answered. */
type Tail = { readonly tail: string; readonly judge: (answer: Answer) => Outcome };

/**
 * For each unique or exclusion key: gives another tenant a row, then writes one's own row with the same values, all but
 * the tenant. If the key starts with the tenant, the two do not meet.
 */
export async function attackKeys(
  context: AttackContext,
  tails: (key: ShapeKey) => readonly Tail[],
): Promise<Outcome> {
  const { target, session } = context;
  const outcomes: Outcome[] = [];
  for (const key of target.shape.keys)
    outcomes.push(await session.undone(() => attackKey(context, key, tails(key))));
  return judge.worst(outcomes);
}

async function attackKey(context: AttackContext, key: ShapeKey, tails: readonly Tail[]): Promise<Outcome> {
  const { target, session, maker, newcomer, stranger } = context;
  const { shape, declaration } = target;
  const exception = declaration.exceptions.find(
    ({ rule, subject }) => rule === "key-not-tenant-leading" && subject === key.name,
  );
  if (exception !== undefined) return notApplicable(`declared exception ${key.name}: ${exception.reason}`);
  if (!declaration.commands.includes("insert")) return notApplicable("services do not insert");
  const wishes = key.predicate === null ? {} : { conditions: [key.predicate] };
  const theirs = await maker.make(shape, stranger, wishes);
  if (!theirs.ok) return notPossible(`no row could be made for ${key.name}: ${theirs.reason}`);
  const own = await session.undone(() => maker.make(shape, newcomer, wishes));
  if (!own.ok) return notPossible(`no second row could be made for ${key.name}: ${own.reason}`);
  const columns = keyColumns(context, key).filter((name) => name !== declaration.tenantColumn);
  const values = new Map(own.values);
  const again = new Map(theirs.values);
  for (const column of shape.columns.filter(({ name }) => columns.includes(name))) {
    values.set(column.name, castTo(column, theirs.row[column.name] ?? null));
    again.set(column.name, castTo(column, theirs.row[column.name] ?? null));
  }
  if (columns.length > 0 || declaration.kind === "root") {
    const control = await session.undone(() => session.tryOwner(bareInsert(shape, again)));
    if (control.ok) return notPossible(`${key.name} did not refuse a second row of the same tenant`);
  }
  const outcomes = [];
  for (const { tail, judge: judgeTail } of tails) {
    const answer = await session.attack({ context: newcomer.id }, bareInsert(shape, values, tail));
    const isExcepted =
      !answer.ok &&
      declaration.exceptions.some(
        ({ rule, subject }) => rule === "key-not-tenant-leading" && subject === answer.constraint,
      );
    outcomes.push(
      isExcepted ? notApplicable(`hidden by the declared exception ${answer.constraint}`) : judgeTail(answer),
    );
  }
  return judge.worst(outcomes);
}

/** The columns that a key is made of, those inside of expressions and of generated columns included. */
function keyColumns({ target }: AttackContext, key: ShapeKey): string[] {
  const named = key.parts.flatMap((part) => expressionParts(part).columns);
  return named.flatMap((name) => {
    const generated = target.shape.columns.find((column) => column.name === name)?.generated;
    return generated === null || generated === undefined ? [name] : expressionParts(generated).columns;
  });
}
