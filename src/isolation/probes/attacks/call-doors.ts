import { DOOR_SCHEMA } from "../../../core/door-schema.js";
import { qualify, quoteIdentifier, quoteLiteral } from "../../../core/identifiers.js";
import { doorColumns, doorParameters } from "../../doors/door-sql.js";
import type { ExpectedDoor } from "../../doors/expected-door.js";
import { attempt } from "../attempt.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked, notPossible } from "../outcome.js";
import type { DatabaseProbe, ProbeTarget, ProbeWorld } from "../probe.js";
import type { Answer, AnswerRow } from "../probe-session.js";
import type { DefinerFunction } from "./list-functions.js";
import { withOtherTenants } from "./with-other-tenants.js";

/**
 * Calls every declared door as the service, without a tenant: with another tenant's whole key, which gives that row and
 * the declared columns alone; and with everything that is no key, which must give nothing.
 */
export const callDoors: DatabaseProbe = {
  id: "probe-door",
  threats: [84],
  title: "a door tells more than one row that was asked for by its whole key",
  fix: 'Run "tenantry verify --repair", or "tenantry create NAME" if the migrations lack it: both write the door anew.',
  attack: async (world) => {
    const found = [];
    for (const door of world.expected.doors) {
      const outcome = await attempt(world.session, () => attackDoor(world, door));
      found.push({ subject: `${DOOR_SCHEMA}.${door.name}`, outcome });
    }
    return found;
  },
};

/** True for a function that stands where a declared door stands. */
export function isDoorFunction({ expected }: ProbeWorld, fn: DefinerFunction): boolean {
  const parameters = fn.arguments.map(({ sqlType }) => sqlType).join(", ");
  return (
    fn.schema === DOOR_SCHEMA &&
    expected.doors.some((door) => door.name === fn.name && doorParameters(door) === parameters)
  );
}

async function attackDoor(world: ProbeWorld, door: ExpectedDoor): Promise<Outcome> {
  const target = world.targets.find(({ shape }) => shape.schema === door.schema && shape.name === door.table);
  if (target === undefined) return notPossible("the database does not have its table");
  if (!(await isThere(world, door))) return notPossible("the database does not have it");
  const reachable = await readDirectly(world, door, target);
  if (reachable !== undefined) return reachable;
  return await withOtherTenants(world, async (tenants) => {
    for (const { rows } of tenants) {
      const row = rows.get(target.shape.key);
      const keys = door.by.map(({ name }) => row?.[name]);
      if (row === undefined || !keys.every((key) => typeof key === "string")) continue;
      const outcome = await askFor(world, door, row, keys);
      if (outcome !== undefined) return outcome;
      return HELD;
    }
    return notPossible("no row with a key could be made");
  });
}

async function askFor(
  world: ProbeWorld,
  door: ExpectedDoor,
  row: AnswerRow,
  keys: readonly string[],
): Promise<Outcome | undefined> {
  const own = await call(world, door, keys);
  if (!own.ok) return refusal(world, door, own);
  if (own.rows.length > 1) return leaked("it returned more than one row");
  const isTold = door.returns === undefined ? own.rows[0]?.answer === "true" : own.rows.length === 1;
  if (!isTold) return notPossible("it does not find a row by the row's own key");
  const columns = door.returns?.map(({ name }) => name) ?? ["answer"];
  if (Object.keys(own.rows[0] ?? {}).some((name) => !columns.includes(name)))
    return leaked("it returned a column that is not declared");
  for (const { name } of door.returns ?? []) {
    if (own.rows[0]?.[name] !== row[name])
      return leaked(`it returned another row than the one asked for (${name})`);
  }
  for (const [what, values] of foreignKeys(door, keys)) {
    const answer = await call(world, door, values);
    // A value that its type does not take finds nothing.
    if (!answer.ok) continue;
    const isFound = door.returns === undefined ? answer.rows[0]?.answer === "true" : answer.rows.length > 0;
    if (isFound) return leaked(`it found a row by ${what}`);
  }
  return undefined;
}

/** Calls by what is no row's key, each with its name. */
function foreignKeys(
  { by }: ExpectedDoor,
  keys: readonly string[],
): [what: string, values: readonly (string | null)[]][] {
  return by.flatMap(({ type, name }, index): [string, readonly (string | null)[]][] => {
    const withValue = (value: string | null) => keys.map((key, at) => (at === index ? value : key));
    const texts: [string, string][] =
      type === "text"
        ? [
            ["a wildcard", "%"],
            ["an empty text", ""],
            ["a part of the key with a wildcard", `${(keys[index] ?? "").slice(0, 3)}%`],
            ["a part of the key", (keys[index] ?? "").slice(0, -1)],
            ["the key with a space behind it", `${keys[index] ?? ""} `],
            ["a pattern", ".*"],
          ]
        : [];
    return [
      [`NULL as ${name}`, withValue(null)],
      ...texts
        .filter(([, value]) => value !== keys[index])
        .map(([what, value]): [string, readonly (string | null)[]] => [
          `${what} as ${name}`,
          withValue(value),
        ]),
    ];
  });
}

async function call(
  { session }: ProbeWorld,
  door: ExpectedDoor,
  values: readonly (string | null)[],
): Promise<Answer> {
  const list = values.map(
    (value, index) => `cast(${value === null ? "null" : quoteLiteral(value)} as ${door.by[index]?.type})`,
  );
  const name = qualify(DOOR_SCHEMA, door.name);
  const texts = door.returns?.map((column) => {
    const quoted = quoteIdentifier(column.name);
    return `${quoted}::text as ${quoted}`;
  });
  const statement =
    texts === undefined
      ? `select ${name}(${list.join(", ")})::text as answer`
      : `select ${texts.join(", ")} from ${name}(${list.join(", ")})`;
  return await session.attack({ context: "" }, statement);
}

/** What the door reads is read through the door alone. */
async function readDirectly(
  { session }: ProbeWorld,
  door: ExpectedDoor,
  target: ProbeTarget,
): Promise<Outcome | undefined> {
  const columns = doorColumns(door).map(quoteIdentifier).join(", ");
  const answer = await session.attack({ context: "" }, `select ${columns} from ${target.place}`);
  return answer.ok && answer.rows.length > 0 ? leaked("its rows can be read without it") : undefined;
}

/** Not by to_regprocedure(): whoever makes the rows may not use the schema. */
async function isThere({ session }: ProbeWorld, door: ExpectedDoor): Promise<boolean> {
  const [row] = await session.owner(
    `select exists (select from pg_catalog.pg_proc p
       where p.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = ${quoteLiteral(DOOR_SCHEMA)})
         and p.proname = ${quoteLiteral(door.name)}
         and pg_catalog.pg_get_function_identity_arguments(p.oid) = ${quoteLiteral(doorParameters(door))})::text as found`,
  );
  return row?.found === "true";
}

/** Doors for another role are closed to services, which is as it should be. */
function refusal(
  { expected }: ProbeWorld,
  door: ExpectedDoor,
  answer: Answer & { readonly ok: false },
): Outcome {
  const isForOthers = door.to !== expected.settings.roles.tenant;
  if (answer.code === "42501" && isForOthers) return HELD;
  if (answer.code === "42501")
    return { result: "outage", evidence: `services may not call it: ${answer.message}` };
  return { result: "error", reason: `${answer.code}: ${answer.message}` };
}
