import type { ProbeWorld } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { DefinerFunction } from "./list-functions.js";

/** What may reach a table without naming it. */
const INDIRECT = /\bexecute\b|\bregclass\b|\bquery_to_xml|\btable_to_xml|\bcursor_to_xml|\bschema_to_xml/i;

/**
 * False only for a function whose text names no table with tenants, no view and no other function of the project, and
 * runs nothing that it does not spell out.
 */
export async function mayTouchTenants(
  { session, targets }: ProbeWorld,
  { source, name }: DefinerFunction,
): Promise<boolean> {
  if (source === undefined || INDIRECT.test(source)) return true;
  const others = await session.owner(`
    select lower(c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
    union select lower(p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema')`);
  const tables = targets.filter(isTenantTarget).flatMap(({ shape }) => [shape, ...shape.children]);
  const touching = new Set([
    ...tables.map((table) => table.name.toLowerCase()),
    ...others.map((other) => other.name ?? "").filter((other) => other !== name.toLowerCase()),
  ]);
  const words = [...source.matchAll(/"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*)/gu)];
  return words.some(([, quoted, plain]) =>
    touching.has((plain ?? quoted?.replaceAll('""', '"') ?? "").toLowerCase()),
  );
}
