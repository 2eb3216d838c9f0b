import { qualify, quoteLiteral } from "../../../core/identifiers.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notApplicable } from "../outcome.js";
import type { DatabaseProbe, ProbeWorld } from "../probe.js";
import { viewMarkers } from "./view-markers.js";

/** With more arguments, a made-up call says too little. */
const MOST_ARGUMENTS = 3;

/**
 * Calls every SECURITY DEFINER function that the service may execute and that changes nothing, with no arguments or
 * with another tenant's id. Doors are declared to answer about rows of any tenant, to who knows a secret.
 */
export const callFunctions: DatabaseProbe = {
  id: "probe-function",
  threats: [48],
  title: "a SECURITY DEFINER function returns rows of other tenants",
  fix: "Make it SECURITY INVOKER, revoke EXECUTE from PUBLIC and the service role, or declare it as a door.",
  attack: async (world) => {
    const { session, expected } = world;
    const role = quoteLiteral(expected.settings.roles.tenant);
    const functions = await session.owner(`
      select n.nspname as schema, p.proname as name, p.pronargs::text as arguments, p.provolatile::text as volatile,
        pg_get_userbyid(p.proowner) as owner, t.typname as returns,
        (select coalesce(json_agg(format_type(a.type, null) order by a.at), '[]')::text
           from unnest(p.proargtypes) with ordinality as a(type, at)) as types
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_type t on t.oid = p.prorettype
      where p.prosecdef and p.prokind = 'f' and has_function_privilege(${role}, p.oid, 'execute')
        and has_schema_privilege(${role}, n.oid, 'usage') and n.nspname not in ('pg_catalog', 'information_schema')
        and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
      order by 1, 2`);
    const found = [];
    for (const fn of functions)
      found.push({ subject: `${fn.schema}.${fn.name}`, outcome: await attackFunction(world, fn) });
    return found;
  },
};

async function attackFunction(
  world: ProbeWorld,
  fn: Readonly<Record<string, string | null>>,
): Promise<Outcome> {
  const { session, attacker, victim, expected } = world;
  if (fn.owner === expected.settings.roles.door) return notApplicable("a declared door");
  if (fn.returns === "trigger" || fn.returns === "event_trigger" || fn.returns === "void")
    return notApplicable(`it returns ${fn.returns}`);
  const types: unknown = JSON.parse(fn.types ?? "[]");
  const list = Array.isArray(types) ? types.map(String) : [];
  if (list.length > MOST_ARGUMENTS) return notApplicable("it takes more arguments than are made up");
  if (fn.volatile === "v" && list.length > 0) return notApplicable("it may change things");
  const values = list.map((type) => `cast(${quoteLiteral(victim.id)} as ${type})`);
  const call = `${qualify(fn.schema ?? "", fn.name ?? "")}(${values.join(", ")})`;
  // What was handed in may come back without having been found.
  const text = list.length === 0 ? "f::text" : `replace(f::text, ${quoteLiteral(victim.id)}, '')`;
  const answer = await session.attack(
    { context: attacker.id },
    `select 1 from ${call} as f where ${text} like any(${viewMarkers(world)}) limit 1`,
  );
  if (answer.ok) return answer.count === 0 ? HELD : leaked("it returned a value of another tenant's row");
  return judge.isRefused(answer)
    ? HELD
    : notApplicable(`it refused the call with ${answer.code}: ${answer.message}`);
}
