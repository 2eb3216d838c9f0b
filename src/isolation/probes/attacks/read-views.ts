import { tableSubject } from "../../../catalog/facts.js";
import { qualify, quoteIdentifier } from "../../../core/identifiers.js";
import { attempt } from "../attempt.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notApplicable, notPossible } from "../outcome.js";
import type { DatabaseProbe, ProbeWorld } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { inEmptyWorld } from "./in-empty-world.js";
import type { View } from "./list-views.js";
import { listViews } from "./list-views.js";
import { viewConditions } from "./view-conditions.js";
import { viewMarkers } from "./view-markers.js";
import { withOtherTenants } from "./with-other-tenants.js";

/**
 * Reads every view and materialized view, in whatever schema, that the service can read, before and after other tenants
 * get rows: so a sum tells as well. Held is only what shows such rows to their own tenant.
 */
export const readViews: DatabaseProbe = {
  id: "probe-view",
  threats: [46, 47],
  title: "a view shows the service rows of other tenants",
  fix: "Make it a security_invoker view, or revoke it from the service role; a materialized view has no policies at all.",
  attack: async (world) => {
    const found = [];
    for (const view of await listViews(world)) {
      const outcome = await attempt(world.session, () => attackView(world, view));
      found.push({ subject: tableSubject(view.schema, view.name), outcome });
    }
    return found;
  },
};

/** Views that cannot be changed say so in several ways. */
const UNCHANGEABLE = ["55000", "0A000", "42809", "428C9"];
const EVIDENCE = "a row of another tenant was reached through it";

async function attackView(world: ProbeWorld, view: View): Promise<Outcome> {
  const { session, attacker, targets } = world;
  const place = qualify(view.schema, view.name);
  const state = { context: attacker.id };
  const tenantTables = targets.filter(isTenantTarget).map(({ shape }) => shape.key);
  const kept = tenantTables.filter((key) => view.sources.includes(key));
  if (view.kind === "m") {
    if (kept.length === 0) return notApplicable("it keeps no tenant's rows");
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
  const outcomes = [];
  for (const statement of [
    ...(isBlind ? [] : [`select 1 from ${place} v ${where} limit 1`]),
    ...(view.writable === null ? [] : [`update ${place} as v set ${view.writable} = null ${where}`]),
    `delete from ${place} as v ${where}`,
    ...kept.flatMap((key) => insertOfVictim(world, view, key)),
  ]) {
    const answer = await session.attack(reader, statement);
    outcomes.push(judge.nothing(answer, EVIDENCE, UNCHANGEABLE));
  }
  const outcome = judge.worst(outcomes);
  if (outcome.result !== "held" || view.readable === null) return outcome;
  return await inEmptyWorld(world, () => compareContents(world, view, kept.length > 0));
}

/** Writes the victim's row through the view once more, as far as the view has its columns. */
function insertOfVictim({ shapes, victim }: ProbeWorld, view: View, key: string): string[] {
  const row = victim.rows.get(key);
  const columns = (shapes.tables.get(key)?.columns ?? []).filter(
    ({ name, generated }) => view.insertable.includes(name) && generated === null,
  );
  if (row === undefined || columns.length === 0) return [];
  const values = columns.map((column) => castTo(column, row[column.name] ?? null));
  const names = columns.map(({ name }) => quoteIdentifier(name));
  return [
    `insert into ${qualify(view.schema, view.name)} (${names.join(", ")}) overriding system value values (${values.join(", ")})`,
  ];
}

/** Whether what the attacker sees changes when other tenants get rows, and whether what these see does. */
async function compareContents(world: ProbeWorld, view: View, hasTenants: boolean): Promise<Outcome> {
  const { session, attacker, spareTenantId, markedTenantId } = world;
  const line = `md5(${view.readable})`;
  const read = (context: string) =>
    session.attack(
      { context },
      `select count(*)::text || coalesce(md5(string_agg(${line}, '' order by ${line})), '') as content
from ${qualify(view.schema, view.name)} v`,
    );
  const readers = [attacker.id, attacker.id, "", spareTenantId, markedTenantId];
  const readAll = async () => {
    const contents = [];
    for (const reader of readers) {
      const answer = await read(reader);
      contents.push(answer.ok ? answer.rows[0]?.content : `${answer.code}: ${answer.message}`);
    }
    return contents;
  };
  const own = await read(attacker.id);
  if (!own.ok) return judge.isRefused(own) ? HELD : judge.unexpected(own);
  const before = await readAll();
  if (before[0] !== before[1]) return notPossible("what it shows changes by itself");
  let after = await withOtherTenants(world, readAll);
  const differs = (at: number) => before[at] !== after[at];
  // A view of what is published shows no row that is as the defaults make it.
  if (!readers.some((_, at) => differs(at)))
    after = await withOtherTenants(world, readAll, viewConditions(view, world.shapes));
  if (differs(0)) return leaked("what one tenant sees in it changes when another gets rows");
  if (differs(2)) return leaked("without a tenant, what it shows changes when a tenant gets rows");
  if (differs(3) || differs(4)) return HELD;
  return hasTenants
    ? notPossible("it shows none of the made-up rows, not even to their own tenants")
    : notApplicable("it shows no tenant's rows");
}
