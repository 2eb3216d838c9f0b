import { qualify, quoteLiteral } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notPossible } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { bareInsert } from "../row-maker.js";
import type { ShapeChild } from "../table-shape.js";
import { rowInChild } from "./row-in-child.js";

/**
 * Goes to partitions and inheritance children by their own names, where the parent's policies do not apply. A child on
 * which the service holds no privilege is refused whatever is in it; in every other, another tenant gets a row first.
 */
export const reachChildren: Probe = {
  id: "probe-partition",
  threats: [50],
  title: "a partition or child table, by its own name, gives up other tenants' rows",
  fix: "revoke all on the partition from the service role and PUBLIC, or give it the parent's policies.",
  applies: (target) => isTenantTarget(target) && target.shape.children.length > 0,
  attack: async (context) => {
    const outcomes = [];
    for (const child of context.target.shape.children)
      outcomes.push(await context.session.undone(() => attackChild(context, child)));
    return judge.worst(outcomes);
  },
};

async function attackChild(context: AttackContext, child: ShapeChild): Promise<Outcome> {
  const { session, target, attacker } = context;
  const place = qualify(child.schema, child.name);
  const named = `${child.schema}.${child.name}`;
  const state = { context: attacker.id };
  const asked = await session.attack(
    state,
    `select ${mayAny(place)} as any, ${may(place, "TRUNCATE")} as truncate`,
  );
  if (!asked.ok) return judge.unexpected(asked);
  if (asked.rows[0]?.truncate === "true") return leaked(`${named} may be truncated`);
  if (asked.rows[0]?.any !== "true") {
    const refused = await session.attack(state, `select 1 from ${place} limit 1`);
    return judge.isRefused(refused) ? HELD : judge.nothing(refused, `${named} was read without a privilege`);
  }
  const made = await rowInChild(context, child);
  if (!made.ok)
    return notPossible(`services may use ${named}, and no row could be put there: ${made.reason}`);
  const where = aim.rowsOf(target, made.tenant);
  const shape = { ...target.shape, schema: child.schema, name: child.name };
  const outcomes = [];
  for (const statement of [
    `select 1 from ${place} where ${where} limit 1`,
    `update ${place} set ${aim.noChange(target)} where ${where}`,
    `delete from ${place} where ${where}`,
    bareInsert(shape, made.values),
  ]) {
    const answer = await session.attack(state, statement);
    outcomes.push(judge.nothing(answer, `through ${named}, a row of another tenant was reached or written`));
  }
  return judge.worst(outcomes);
}

function may(place: string, privilege: string): string {
  return `pg_catalog.has_table_privilege(${quoteLiteral(place)}::regclass, '${privilege}')::text`;
}

/** A privilege on the table, or on one of its columns, as far as the schema lets one name it at all. */
function mayAny(place: string): string {
  const oid = `${quoteLiteral(place)}::regclass`;
  return `(pg_catalog.has_table_privilege(${oid}, 'SELECT, INSERT, UPDATE, DELETE')
or pg_catalog.has_any_column_privilege(${oid}, 'SELECT, INSERT, UPDATE'))::text`;
}
