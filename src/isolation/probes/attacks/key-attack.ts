import type { Command } from "../../../rls/table-declaration.js";
import { castTo } from "../column-choices.js";
import { expressionParts } from "../expression-parts.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { notApplicable, notPossible, UNPROVEN } from "../outcome.js";
import type { AttackContext } from "../probe.js";
import type { Answer } from "../probe-session.js";
import type { RowWishes } from "../row-maker.js";
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
  const wishes = key.predicate === null ? {} : { conditions: [`(${key.predicate}) is true`] };
  const theirs = await maker.make(shape, stranger, wishes);
  if (!theirs.ok) return notPossible(`no row could be made for ${key.name}: ${theirs.reason}`);
  const own = await session.undone(() => maker.make(shape, newcomer, wishes));
  if (!own.ok) return notPossible(`no second row could be made for ${key.name}: ${own.reason}`);
  const columns = keyColumns(context, key).filter((name) => name !== declaration.tenantColumn);
  const values = new Map(own.values);
  for (const column of shape.columns.filter(({ name }) => columns.includes(name))) {
    values.set(column.name, castTo(column, theirs.row[column.name] ?? null));
  }
  if (columns.length > 0) {
    const refused = await refusesTwins(context, key, theirs.row, columns, wishes);
    if (refused !== undefined) return notPossible(refused);
  }
  const outcomes = [];
  for (const { tail, judge: judgeTail } of tails) {
    // The same with values that meet no other row: else a refusal would not be the other row's doing.
    const control = await session.attack({ context: newcomer.id }, bareInsert(shape, own.values, tail));
    if (!control.ok) {
      outcomes.push(judgeControl(control, tail, declaration.commands));
      continue;
    }
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

function judgeControl(
  control: Answer & { readonly ok: false },
  tail: string,
  commands: readonly Command[],
): Outcome {
  // A deferrable key cannot be named.
  if (control.code === "55000") return notApplicable("ON CONFLICT cannot use a deferrable key");
  if (!judge.isRefused(control)) return judge.unexpected(control);
  return /^on conflict .*do update/s.test(tail) && !commands.includes("update")
    ? notApplicable("services do not update")
    : UNPROVEN;
}

/** Why it is not certain that the key refuses a second row of one tenant: undefined if it does. */
async function refusesTwins(
  { target, session, maker, stranger }: AttackContext,
  key: ShapeKey,
  first: Readonly<Record<string, string | null>>,
  columns: readonly string[],
  wishes: RowWishes,
): Promise<string | undefined> {
  const { shape } = target;
  const second = await session.undone(() => maker.make(shape, stranger, wishes));
  // One row for each tenant is all that the table takes: the key, or another, refuses any second one.
  if (!second.ok && /^(23505|23P01)/.test(second.reason)) return undefined;
  if (!second.ok) return `no second row could be made for ${key.name}: ${second.reason}`;
  const values = new Map(second.values);
  for (const column of shape.columns.filter(({ name }) => columns.includes(name)))
    values.set(column.name, castTo(column, first[column.name] ?? null));
  const answer = await session.undone(() => session.tryOwner(bareInsert(shape, values)));
  if (answer.ok) return `${key.name} did not refuse a second row of the same tenant`;
  if (answer.code === "23505" || answer.code === "23P01") return undefined;
  return `a second row for ${key.name} was refused by something else: ${answer.code}: ${answer.message}`;
}

/** The columns that a key is made of, those inside of expressions and of generated columns included. */
function keyColumns({ target }: AttackContext, key: ShapeKey): string[] {
  const named = key.parts.flatMap((part) => expressionParts(part).columns);
  return named.flatMap((name) => {
    const generated = target.shape.columns.find((column) => column.name === name)?.generated;
    return generated === null || generated === undefined ? [name] : expressionParts(generated).columns;
  });
}
