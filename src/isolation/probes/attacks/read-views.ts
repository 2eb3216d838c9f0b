import { tableSubject } from "../../../catalog/facts.js";
import { qualify, quoteLiteral } from "../../../core/identifiers.js";
import { judge } from "../judge.js";
import { orderTables } from "../order-tables.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notPossible } from "../outcome.js";
import type { DatabaseProbe, ProbeWorld } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { newTenant } from "../tenant-rows.js";
import { viewMarkers } from "./view-markers.js";

type View = {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** The columns that the service may read, as one SQL text. */
  readonly readable: string | null;
  /** A column that the service may change. */
  readonly writable: string | null;
  /** The tables below it, however deep, as JSON. */
  readonly sources: string;
};

/**
 * Reads every view and materialized view, in whatever schema, that the service can read. A view that shows no tenant and
 * no value of a row, such as a sum, is read before and after another tenant gets rows.
 */
export const readViews: DatabaseProbe = {
  id: "probe-view",
  threats: [46, 47],
  title: "a view shows the service rows of other tenants",
  fix: "Make it a security_invoker view, or revoke it from the service role; a materialized view has no policies at all.",
  attack: async (world) => {
    const views = await listViews(world);
    const found = [];
    for (const view of views)
      found.push({ subject: tableSubject(view.schema, view.name), outcome: await attackView(world, view) });
    return found;
  },
};

async function attackView(world: ProbeWorld, view: View): Promise<Outcome> {
  const { session, attacker, targets } = world;
  const place = qualify(view.schema, view.name);
  const state = { context: attacker.id };
  const sources: unknown = JSON.parse(view.sources);
  const tenantTables = targets.filter(isTenantTarget).map(({ shape }) => shape.key);
  if (view.kind === "m") {
    const kept = tenantTables.filter((key) => Array.isArray(sources) && sources.includes(key));
    if (kept.length === 0) return HELD;
    const answer = await session.attack(state, `select 1 from ${place} limit 1`);
    // Not refreshed yet, it cannot be read, which is no protection.
    if (answer.ok || answer.code === "55000")
      return leaked("the service can read a materialized view, which keeps rows of all tenants");
    return judge.isRefused(answer) ? HELD : judge.unexpected(answer);
  }
  const isBlind = view.readable === null;
  // Without SELECT nothing can be named: then for a tenant that has nothing, and only where nobody is disturbed.
  if (isBlind && !world.throwAway) return notPossible("the service can write it, and not read it");
  const where = isBlind ? "" : `where ${view.readable} like any(${viewMarkers(world)})`;
  const reader = isBlind ? { context: world.spareTenantId } : state;
  const evidence = "a row of another tenant was reached through it";
  const outcomes = [];
  for (const statement of [
    ...(isBlind ? [] : [`select 1 from ${place} v ${where} limit 1`]),
    ...(view.writable === null ? [] : [`update ${place} as v set ${view.writable} = null ${where}`]),
    `delete from ${place} as v ${where}`,
  ]) {
    // Views that cannot be changed say so in several ways.
    const answer = await session.attack(reader, statement);
    outcomes.push(judge.nothing(answer, evidence, ["55000", "0A000", "42809", "428C9"]));
  }
  const outcome = judge.worst(outcomes);
  const isTenants = Array.isArray(sources) && tenantTables.some((key) => sources.includes(key));
  if (outcome.result !== "held" || view.readable === null || !isTenants) return outcome;
  return await compareContents(world, place, view.readable);
}

/** Whether what the attacker sees changes when yet another tenant gets rows. */
async function compareContents(world: ProbeWorld, place: string, readable: string): Promise<Outcome> {
  const { session, attacker, targets, maker, shapes } = world;
  const read = async () => {
    const line = `md5(${readable})`;
    const answer = await session.attack(
      { context: attacker.id },
      `select count(*)::text || coalesce(md5(string_agg(${line}, '' order by ${line})), '') as content from ${place} v`,
    );
    return answer.ok ? { content: answer.rows[0]?.content ?? null } : judge.unexpected(answer);
  };
  const first = await read();
  const second = await read();
  if ("result" in first) return first;
  // What changes by itself, such as now(), says nothing.
  if ("result" in second || first.content !== second.content) return HELD;
  return await session.undone(async () => {
    const other = newTenant(world.spareTenantId);
    const keys = targets.filter(isTenantTarget).map(({ shape }) => shape.key);
    await maker.makeAll(orderTables(shapes.tables, keys), other);
    const third = await read();
    if ("result" in third) return third;
    return third.content === first.content
      ? HELD
      : leaked("what one tenant sees in it changes when another gets rows");
  });
}

async function listViews({ session, expected }: ProbeWorld): Promise<readonly View[]> {
  const role = quoteLiteral(expected.settings.roles.tenant);
  const rows = await session.owner(`
    with recursive below as (
      select c.oid as view, c.oid as id, c.relkind from pg_class c where c.relkind in ('v', 'm')
      union
      select below.view, s.oid, s.relkind from below
        join pg_rewrite r on r.ev_class = below.id
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
        join pg_class s on s.oid = d.refobjid
      where below.relkind in ('v', 'm'))
    select n.nspname as schema, c.relname as name, c.relkind::text as kind,
      (select 'concat_ws('' '', ' || string_agg(format('v.%I::text', attname), ', ' order by attnum) || ')'
         from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
          and has_column_privilege(${role}, c.oid, attnum, 'select')) as readable,
      (select quote_ident(attname) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
          and has_column_privilege(${role}, c.oid, attnum, 'update') order by attnum desc limit 1) as writable,
      (select coalesce(json_agg(distinct json_build_array(sn.nspname, s.relname)::text), '[]')::text
         from below join pg_class s on s.oid = below.id join pg_namespace sn on sn.oid = s.relnamespace
        where below.view = c.oid) as sources
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and has_schema_privilege(${role}, n.oid, 'usage')
      and (has_any_column_privilege(${role}, c.oid, 'select, insert, update') or has_table_privilege(${role}, c.oid, 'delete'))
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by 1, 2`);
  return rows.map((row) => ({
    schema: row.schema ?? "",
    name: row.name ?? "",
    kind: row.kind ?? "",
    readable: row.readable ?? null,
    writable: row.writable ?? null,
    sources: normalizeKeys(row.sources ?? "[]"),
  }));
}

/** The server puts a space after a comma; the keys of shapes have none. */
function normalizeKeys(sources: string): string {
  const keys: unknown = JSON.parse(sources);
  if (!Array.isArray(keys)) return "[]";
  return JSON.stringify(keys.map((key) => JSON.stringify(JSON.parse(String(key)))));
}
