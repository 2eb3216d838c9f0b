import type { Transaction } from "../../catalog/grants-json.js";
import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { formatFinding } from "../../core/finding.js";
import { qualify } from "../../core/identifiers.js";
import type { Judge } from "../../isolation/create-judge.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { readLedger } from "../ledger/ledger.js";
import { matchLedger } from "../ledger/match-ledger.js";
import { ensureEngineTables } from "../run/engine-tables.js";
import { findBlame } from "../run/find-blame.js";
import { interrupted } from "../run/interrupted.js";
import { writeManifestMark } from "../run/manifest-mark.js";
import type { RunOrigin } from "../run/run-log.js";
import { finishRun, startRun } from "../run/run-log.js";
import type { RunLockOptions } from "../stamp/with-run-lock.js";
import { withRunLock } from "../stamp/with-run-lock.js";
import type { RollbackStep } from "./plan-rollback.js";

/** How long it may wait for a table that others use, before it gives up and changes nothing. */
const LOCK_TIMEOUT = "5s";

/** What is rolled back. */
export type RollbackOptions = RunLockOptions & {
  readonly folder: readonly Migration[];
  /** The migrations that were applied when the way back was computed, in their order. */
  readonly applied: readonly Migration[];
  readonly ledger: LedgerPlace;
  readonly steps: readonly RollbackStep[];
  readonly judge: Judge;
  readonly origin: RunOrigin;
};

/**
 * Runs a way back: in one transaction with the ledger, judged before COMMIT.
 *
 * @throws TenantryError `rollback-impossible` naming the statement, `isolation`, `lock-timeout`, `interrupted`.
 */
export async function applyRollback(options: RollbackOptions): Promise<void> {
  const { ledger, folder, steps, judge } = options;
  await withRunLock(options, () =>
    withDatabase(
      options.url,
      { ...options.connect, applicationName: "tenantry rollback" },
      async (database) => {
        await ensureEngineTables(database);
        const before = await judge(database);
        await database.begin(async (session) => {
          await session.unsafe(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
          await requireUnchanged(session, options);
          for (const { migration, statements } of steps)
            for (const statement of statements) await run(session, migration, statement, options.signal);
          const after = await judge(session);
          // A table that the code knows under another name, or no more: it is as earlier migrations left it.
          const findings = findBlame({ start: before, before, after, later: [] }).filter(
            ({ rule }) => rule !== "table-not-declared",
          );
          if (findings.length > 0) throw unprotected(findings.map(formatFinding));
          const names = new Set(steps.map(({ migration }) => migration));
          const { matched } = matchLedger(folder, await readLedger(session, ledger));
          const ids = [...matched].filter(([, { name }]) => names.has(name)).map(([{ id }]) => id);
          await session.unsafe(`delete from ${qualify(ledger.schema, ledger.table)} where id = any($1)`, [
            ids,
          ]);
          await session`delete from ${session(`${ENGINE_SCHEMA}.checkpoints`)} where migration = any(${[...names]})`;
          await writeManifestMark(session, undefined);
          const run_ = await startRun(session, `${ledger.schema}.${ledger.table}`, options.origin);
          await finishRun(session, run_, { outcome: "applied", lockWait: 0, retries: 0 });
        });
      },
    ),
  );
}

/** Another run may have come in between, while the way back was computed. */
async function requireUnchanged(
  session: Transaction,
  { ledger, folder, applied }: RollbackOptions,
): Promise<void> {
  const { matched } = matchLedger(folder, await readLedger(session, ledger));
  const now = new Set([...matched.values()].map(({ name }) => name));
  if (now.size === applied.length && applied.every(({ name }) => now.has(name))) return;
  throw new TenantryError({
    code: "migrations-folder",
    message: "Somebody has applied migrations, or taken some back, in the meantime.",
    hint: "Nothing was changed. Run the command again.",
  });
}

async function run(
  session: Transaction,
  migration: string,
  statement: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const isAborted = () => signal?.aborted === true;
  if (isAborted()) throw interrupted();
  const query = session.unsafe(statement).simple();
  const cancel = () => query.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    await query;
  } catch (thrown) {
    if (isAborted()) throw interrupted(thrown);
    if (codeOf(thrown) === undefined) throw thrown;
    throw new TenantryError({
      code: "rollback-impossible",
      message: `The way back over ${migration} failed: ${messageOf(thrown)}.`,
      details: [statement],
      hint: "Nothing was changed. The database may differ from what the migrations make (tenantry verify shows it), or its rows stand in the way.",
      cause: thrown,
    });
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function unprotected(details: readonly string[]): TenantryError {
  return new TenantryError({
    code: "isolation",
    message: "The way back would leave something unprotected; it was rolled back itself.",
    details,
    hint: "Nothing was changed. Go further back with --to, to before the table was made, or start with an empty database.",
  });
}
