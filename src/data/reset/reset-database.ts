import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { LedgerPlace } from "../../migrate/ledger/ledger.js";
import { ledgerName } from "../../migrate/run/checkpoints.js";
import { ensureEngineTables } from "../../migrate/run/engine-tables.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { writeManifestMark } from "../../migrate/run/manifest-mark.js";
import type { RunOrigin } from "../../migrate/run/run-log.js";
import { finishRun, startRun } from "../../migrate/run/run-log.js";
import { readTargetFacts } from "../../migrate/stamp/arrive.js";
import type { Replay } from "../../migrate/stamp/replay.js";
import type { RunLockOptions } from "../../migrate/stamp/with-run-lock.js";
import { withRunLock } from "../../migrate/stamp/with-run-lock.js";
import { withDatabase } from "../../postgres/connect.js";
import { untilStopped } from "../until-stopped.js";
import type { ResetPlan } from "./plan-reset.js";
import { planReset } from "./plan-reset.js";
import type { ResetSubject } from "./prove-development.js";
import { proveDevelopment } from "./prove-development.js";

/** What to empty. */
export type ResetOptions = RunLockOptions & {
  readonly replay: Replay;
  readonly ledger: LedgerPlace;
  /** All but what the database itself says. */
  readonly subject: Omit<ResetSubject, "mark" | "database">;
  readonly origin: RunOrigin;
  /** Only says what would go. */
  readonly dryRun: boolean;
};

/** How long it may wait for a table that others use. */
const LOCK_TIMEOUT = "5s";

/**
 * Drops what the migrations make, in one transaction with the ledger's rows, under the migration lock. The run log and the
 * mark stay, so that a reset that is stopped behind it leaves an empty database that is still known to be development's.
 *
 * @returns what was dropped, or would be.
 * @throws TenantryError `production-refused` unless it is provably development's, `reset-refused` if something else hangs on
 * what goes, `lock-timeout`, `interrupted`. Nothing was changed then.
 */
export async function resetDatabase(options: ResetOptions): Promise<ResetPlan> {
  const { url, connect, dryRun } = options;
  const named = { ...connect, applicationName: "tenantry reset" };
  const work = () => withDatabase(url, named, (database) => reset(database, options));
  return dryRun ? await work() : await withRunLock(options, work);
}

async function reset(
  database: Parameters<Parameters<typeof withDatabase>[2]>[0],
  options: ResetOptions,
): Promise<ResetPlan> {
  const { ledger, replay, subject, dryRun, signal, origin } = options;
  const [name] = await database<{ database: string }[]>`select current_database() as database`;
  const mark = await readEnvironmentMark(database);
  proveDevelopment({ ...subject, mark, database: name?.database ?? "" });
  const plan = planReset(replay, await readTargetFacts(database, replay), ledger);
  if (dryRun) return plan;
  await ensureEngineTables(database);
  await database.begin(async (session) => {
    await session.unsafe(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
    try {
      for (const statement of plan.statements) await untilStopped(session.unsafe(statement), signal);
    } catch (thrown) {
      throw explain(thrown);
    }
    for (const schema of plan.schemas) {
      await session
        .savepoint((inner) => inner.unsafe(`drop schema ${quoteIdentifier(schema)}`))
        .catch((thrown: unknown) => {
          // Somebody else has something in it.
          if (codeOf(thrown) !== "2BP01") throw thrown;
        });
    }
    const [there] =
      await session`select to_regclass(${qualify(ledger.schema, ledger.table)}) is not null as found`;
    if (there?.found === true) await session.unsafe(`delete from ${qualify(ledger.schema, ledger.table)}`);
    await session`delete from ${session(`${ENGINE_SCHEMA}.checkpoints`)} where ledger = ${ledgerName(ledger)}`;
    await writeManifestMark(session, undefined);
    const run = await startRun(session, ledgerName(ledger), origin);
    await finishRun(session, run, { outcome: "applied", lockWait: 0, retries: 0 });
  });
  return plan;
}

function explain(thrown: unknown): unknown {
  const code = codeOf(thrown);
  if (code === "55P03") {
    return new TenantryError({
      code: "lock-timeout",
      message: "Something that is to be dropped is in use.",
      hint: "Nothing was changed. Stop the services of this database, and run it again.",
      cause: thrown,
    });
  }
  if (code === undefined || !["2BP01", "42501"].includes(code)) return thrown;
  const detail =
    typeof thrown === "object" && thrown !== null && "detail" in thrown ? String(thrown.detail) : "";
  return new TenantryError({
    code: "reset-refused",
    message: `What the migrations made cannot be dropped: ${messageOf(thrown)}.`,
    details: detail === "" ? [] : detail.split("\n"),
    hint: "Nothing was changed. Drop first what no migration made and hangs on it, or start with another database.",
    cause: thrown,
  });
}
