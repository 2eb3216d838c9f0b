import { quoteIdentifier } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notPossible } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { bareInsert } from "../row-maker.js";
import { hasMarkers } from "./find-markers.js";
import { grantedColumn } from "./granted-column.js";
import { withOtherTenants } from "./with-other-tenants.js";

/**
 * Reads a shared table, which must work, and changes it, which must not. What it shows must not depend on the tenants: a
 * trigger may write their values into it.
 */
export const changeGlobalRows: Probe = {
  id: "probe-global",
  threats: [40, 49],
  title: "services change shared rows, cannot read them, or find tenants' rows in them",
  fix: "Grant the service SELECT alone on a global table (globalTable), and write no tenant's values into it.",
  applies: ({ declaration }) => declaration.kind === "global",
  attack: async (context) => {
    const outcomes = [await read(context), ...(await write(context))];
    const outcome = judge.worst(outcomes);
    return outcome.result === "held" ? await compare(context) : outcome;
  },
};

async function read({ session, target, attacker }: AttackContext): Promise<Outcome> {
  const query = `select 1 from ${target.place} limit 1`;
  const answer = await session.attack({ context: attacker.id }, query);
  if (!answer.ok || answer.count > 0) return judge.possible(answer, "SELECT");
  const owners = await session.tryOwner(query);
  return owners.ok && owners.count === 0
    ? notPossible("it is empty, and no row could be made for it")
    : judge.possible(answer, "SELECT");
}

async function write(context: AttackContext): Promise<Outcome[]> {
  const { session, target, attacker, maker, newcomer, throwAway } = context;
  const { place, shape } = target;
  const made = await session.undone(() => maker.make(shape, newcomer));
  const [first] = shape.columns;
  const values = made.ok
    ? made.values
    : new Map(first === undefined ? [] : [[first.name, castTo(first, null)] as const]);
  // Elsewhere one row is enough to know, and nobody waits for more.
  const some = throwAway ? "" : ` where ctid in (select ctid from ${place} limit 1)`;
  const column = await grantedColumn(context, "update");
  const inserted = await grantedColumn(context, "insert");
  const statements: readonly (readonly [string, string])[] = [
    ["a shared row was written", bareInsert(shape, values)],
    ["a shared row was changed", `update ${place} set ${aim.noChange(target)}${some}`],
    ["a shared row was deleted", `delete from ${place}${some}`],
    ...(column === undefined
      ? []
      : [["a column of a shared row was changed", `update ${place} set ${column} = ${column}`] as const]),
    ...(inserted === undefined
      ? []
      : [
          [
            "a shared row was written by some of its columns",
            `insert into ${place} (${inserted}) values (null)`,
          ] as const,
        ]),
  ];
  const outcomes = [];
  for (const [evidence, statement] of statements)
    outcomes.push(judge.nothing(await session.attack({ context: attacker.id }, statement), evidence));
  return outcomes;
}

/** More than this is not read as text. */
const MOST_CHARACTERS = 100_000;

async function compare(context: AttackContext): Promise<Outcome> {
  const { session, target, attacker, throwAway } = context;
  // The rows of a large table are not all looked at, only those that are new.
  if (!throwAway && target.shape.estimatedRows > aim.mostRows) return HELD;
  const columns = target.shape.columns.map(({ name }) => `g.${quoteIdentifier(name)}`).join(", ");
  const look = () =>
    session.attack(
      { context: attacker.id },
      `select left(coalesce(string_agg(row(${columns})::text, chr(10)), ''), ${MOST_CHARACTERS}) as content,
count(*) || coalesce(md5(string_agg(md5(row(${columns})::text), '' order by md5(row(${columns})::text))), '') as digest
from ${target.place} g`,
    );
  const before = await look();
  const { after, isTelling } = await withOtherTenants(context, async (tenants) => {
    const answer = await look();
    const content = answer.ok ? (answer.rows[0]?.content ?? "") : "";
    return { after: answer, isTelling: hasMarkers(content, tenants, attacker, "") };
  });
  if (!before.ok) return judge.unexpected(before);
  if (!after.ok) return judge.unexpected(after);
  if (isTelling) return leaked("a value of a tenant's row stands in it");
  return before.rows[0]?.digest === after.rows[0]?.digest
    ? HELD
    : leaked("what it shows changes when a tenant gets rows");
}
