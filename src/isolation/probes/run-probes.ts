import { randomBytes } from "node:crypto";
import type { Catalog } from "../../catalog/catalog.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Logger } from "../../core/logger.js";
import { silentLogger } from "../../core/logger.js";
import type { Session } from "../../postgres/connect.js";
import type { Expected } from "../expected.js";
import { attackTables } from "./attack-tables.js";
import { attempt } from "./attempt.js";
import { buildReport } from "./build-report.js";
import { chooseMakerRole } from "./choose-maker-role.js";
import { chooseTenants } from "./choose-tenants.js";
import { doubtOutages } from "./doubt-outages.js";
import { forgetLostRows } from "./forget-lost-rows.js";
import { listTargets } from "./list-targets.js";
import { orderTables } from "./order-tables.js";
import { HELD, notPossible } from "./outcome.js";
import type { DatabaseAnswer, ProbeTarget, ProbeWorld } from "./probe.js";
import type { NotProbed, ProbeReport } from "./probe-report.js";
import { createProbeSession } from "./probe-session.js";
import { DATABASE_PROBES, TABLE_PROBES } from "./probes.js";
import { readShapes } from "./read-shapes.js";
import { createRowMaker } from "./row-maker.js";
import { readSuppliedRows } from "./supplied-rows.js";
import type { Shapes } from "./table-shape.js";
import type { TenantRows } from "./tenant-rows.js";

/** What to attack, and how, on a connection that is inside a transaction. */
export type RunOptions = {
  readonly expected: Expected;
  readonly catalog: Catalog;
  /** True for a database that nobody else uses: then policies are added, too, to see that the floor contains them. */
  readonly throwAway?: boolean;
  /** The tables to attack, as findings name them; all have rows all the same. Default all. */
  readonly only?: readonly string[];
  /** The ids of the probes to run. Default all. */
  readonly probes?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger;
};

/** Why a connection without any setting was not tried. */
const TOO_LATE =
  "by the time that it had rows, the connection had had a tenant: give probes a connection of their own, and the table a row that needs no tenant context";

/**
 * Makes the rows and runs the probes. Leaves them behind: the caller rolls the transaction back. The parser must have
 * been loaded.
 *
 * @throws TenantryError `role-insufficient`
 */
export async function runProbes(connection: Session, options: RunOptions): Promise<ProbeReport> {
  const started = performance.now();
  const { expected, catalog, logger = silentLogger } = options;
  const { settings } = expected;
  const roles = await chooseMakerRole(connection, settings);
  const [before] = await connection<{ value: string | null }[]>`
    select current_setting(${settings.setting}, true) as value`;
  const supplied = readSuppliedRows(await readPatiently(connection), settings.probes);
  const { shapes } = supplied;
  const { targets, missing } = listTargets(expected, catalog, shapes);
  const aims = targets.filter(({ subject }) => options.only?.includes(subject) ?? true);
  const session = createProbeSession(connection, settings, roles, options.signal);
  if (roles.maker !== undefined) await session.owner(`set local role ${quoteIdentifier(roles.maker)}`);
  const run = randomBytes(3).toString("hex");
  const tenantTargets = targets.filter(({ declaration }) => declaration.kind !== "global");
  const [attacker, victim, newcomer, stranger, spare, marked] = await chooseTenants(
    session,
    shapes,
    tenantTargets,
    settings.columnType,
    run,
  );
  if (!attacker || !victim || !newcomer || !stranger || !spare || !marked) throw new Error("too few tenants");
  const tenantColumns = new Map(
    tenantTargets.map(({ shape, declaration }) => [shape.key, declaration.tenantColumn ?? ""]),
  );
  const maker = createRowMaker({ session, shapes, tenantColumns, supplied, setting: settings.setting, run });
  const world: ProbeWorld = {
    session,
    maker,
    shapes,
    expected,
    targets,
    attacker,
    victim,
    spareTenantId: spare.id,
    markedTenantId: marked.id,
    run,
    throwAway: options.throwAway ?? false,
  };
  const order = orderTables(
    shapes.tables,
    targets.map(({ shape }) => shape.key),
  );
  for (const tenant of [attacker, victim]) await maker.makeAll(order, tenant);
  await forgetLostRows(session, targets, [attacker, victim]);
  const newcomers = { newcomer, stranger };
  const isWanted = ({ id }: { readonly id: string }) => options.probes?.includes(id) ?? true;
  const phase = (wanted: "unset" | "set") =>
    TABLE_PROBES.filter((one) => isWanted(one) && (one.phase ?? "set") === wanted);
  const freshConnection = before?.value == null;
  const unset = freshConnection ? await attackTables(world, phase("unset"), newcomers, logger, aims) : [];
  const failures = new Map<string, string>();
  // The connection will not be fresh from here on.
  maker.useContext();
  for (const tenant of [attacker, victim]) {
    for (const [key, reason] of await maker.makeAll(order, tenant)) failures.set(key, reason);
  }
  for (const [key, reason] of await forgetLostRows(session, targets, [attacker, victim]))
    failures.set(key, reason);
  const attacked = new Set(unset.map(({ subject }) => subject));
  const late = phase("unset").flatMap((probe) =>
    aims
      .filter(({ declaration }) => declaration.kind !== "global")
      .filter(({ shape, subject }) => !attacked.has(subject) && attacker.rows.has(shape.key))
      .map(({ subject }) => ({ probe: probe.id, subject, outcome: notPossible(TOO_LATE) })),
  );
  const results = doubtOutages([
    ...unset,
    ...late,
    ...(await attackTables(world, phase("set"), newcomers, logger, aims)),
  ]);
  for (const { id, attack } of DATABASE_PROBES.filter(isWanted)) {
    const found: DatabaseAnswer[] = [];
    const ran = await attempt(session, async () => {
      found.push(...(await attack(world)));
      return HELD;
    });
    // It did not get as far as its first subject.
    if (ran.result === "error") found.push({ subject: "the database", outcome: ran });
    results.push(...found.map(({ subject, outcome }) => ({ probe: id, subject, outcome })));
  }
  const unmade = targets.flatMap((target) => describeUnmade(target, [attacker, victim], failures));
  return buildReport([...TABLE_PROBES, ...DATABASE_PROBES], results, [...missing, ...unmade], {
    freshConnection,
    milliseconds: Math.round(performance.now() - started),
  });
}

/** The catalog of a large database takes longer than one attack may. */
async function readPatiently(connection: Session): Promise<Shapes> {
  const [before] = await connection<{ timeout: string }[]>`
    select current_setting('statement_timeout') as timeout, set_config('statement_timeout', '60s', true)`;
  const shapes = await readShapes(connection);
  await connection`select set_config('statement_timeout', ${before?.timeout ?? "5s"}, true)`;
  return shapes;
}

function describeUnmade(
  { subject, shape, declaration }: ProbeTarget,
  tenants: readonly TenantRows[],
  failures: ReadonlyMap<string, string>,
): NotProbed[] {
  const isMade = declaration.kind === "global" || tenants.every((tenant) => tenant.rows.has(shape.key));
  const circle = failures.get("");
  const reason = failures.get(shape.key) ?? (isMade ? circle : "a table that it refers to has no row");
  if (isMade && circle === undefined && !failures.has(shape.key)) return [];
  return [
    {
      subject,
      reason: `no row could be made: ${reason ?? ""}`,
      fix: `Give a row in drizzle.config.ts: defineTenancy({ probes: { rows: { "${shape.schema}.${shape.name}": (tenant) => ({ column: value }) } } }).`,
    },
  ];
}
