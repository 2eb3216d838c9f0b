import { qualify } from "../../../core/identifiers.js";
import { attempt } from "../attempt.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notApplicable, notPossible } from "../outcome.js";
import type { DatabaseProbe, ProbeWorld } from "../probe.js";
import { isDoorFunction } from "./call-doors.js";
import { hasMarkers } from "./find-markers.js";
import { functionArguments } from "./function-arguments.js";
import { inEmptyWorld } from "./in-empty-world.js";
import type { DefinerFunction } from "./list-functions.js";
import { listFunctions } from "./list-functions.js";
import { mayTouchTenants } from "./may-touch-tenants.js";
import type { Call, Seen } from "./watch-call.js";
import { watchCall } from "./watch-call.js";
import { withOtherTenants } from "./with-other-tenants.js";

/** With more arguments, made-up calls say too little. */
const MOST_ARGUMENTS = 6;

/**
 * Calls every SECURITY DEFINER function that the service may execute, with values of two other tenants' rows: once while
 * these have rows, and once without. What differs for the attacker comes from their rows, however it is packed: a value,
 * a number, an error. Held is only what differs for the rows' own tenant.
 */
export const callFunctions: DatabaseProbe = {
  id: "probe-function",
  threats: [48],
  title: "a SECURITY DEFINER function shows or changes rows of other tenants",
  fix: "Make it SECURITY INVOKER, revoke EXECUTE from PUBLIC and the service role, or declare it as a door.",
  attack: async (world) => {
    const found = [];
    for (const fn of await listFunctions(world)) {
      const outcome = await attempt(world.session, () =>
        inEmptyWorld(world, () => attackFunction(world, fn)),
      );
      found.push({ subject: `${fn.schema}.${fn.name}`, outcome });
    }
    return found;
  },
};

async function attackFunction(world: ProbeWorld, fn: DefinerFunction): Promise<Outcome> {
  if (isDoorFunction(world, fn)) return notApplicable("a declared door, which probe-door attacks");
  if (fn.returns === "trigger" || fn.returns === "event_trigger")
    return notApplicable(`it returns ${fn.returns}`);
  if (fn.required > MOST_ARGUMENTS) return notPossible("it takes more arguments than are made up");
  const name = qualify(fn.schema, fn.name);
  const changes = fn.isVolatile && world.throwAway;
  const isReadOnly = fn.isVolatile && !world.throwAway;
  const full = await withOtherTenants(world, async (tenants) => {
    const calls = tenants.flatMap((tenant) =>
      functionArguments(world, fn, tenant).map((list): Call => ({ text: `${name}(${list})`, tenant })),
    );
    const seen = [];
    for (const call of calls) {
      const answer = await watchCall(world, call, tenants, { changes, isReadOnly });
      const shown = answer.attacker.content ?? "";
      const isTelling = hasMarkers(shown, tenants, world.attacker, call.text);
      const isOwnTelling = hasMarkers(answer.own.content ?? "", [call.tenant], world.attacker, call.text);
      seen.push({ call, answer, isTelling, isOwnTelling });
    }
    return { seen, tenants };
  });
  let proven = false;
  let trouble: string | undefined;
  for (const { call, answer, isTelling, isOwnTelling } of full.seen) {
    if (isTelling) return leaked("it returned a value of another tenant's row");
    if (answer.attacker.hasChanged) return leaked("it changed rows of another tenant");
    const without = await watchCall(world, call, full.tenants, { changes, isReadOnly });
    const isSteady = answer.attacker.key === answer.again.key;
    if (isSteady && differs(answer.attacker, without.attacker))
      return leaked("what it answers depends on whether another tenant has rows");
    if (isSteady && differs(answer.nobody, without.nobody))
      return leaked("without a tenant, what it answers depends on whether a tenant has rows");
    proven ||= isOwnTelling || answer.own.hasChanged || (isSteady && differs(answer.own, without.own));
    trouble ??= answer.own.trouble;
  }
  if (proven) return HELD;
  if (!(await mayTouchTenants(world, fn))) return notApplicable("it names no table with tenants");
  const why = trouble === undefined ? "" : ` (${trouble})`;
  return notPossible(`no made-up call of it shows a row, not even to the row's own tenant${why}`);
}

function differs(one: Seen, other: Seen): boolean {
  return one.key !== other.key;
}
