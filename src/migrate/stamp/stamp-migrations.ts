import { fingerprintFacts } from "../../catalog/fingerprint.js";
import { TenantryError } from "../../core/errors.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import { ensureLedger, readLedger, recordMigration } from "../ledger/ledger.js";
import { planMigrations } from "../plan/plan-migrations.js";
import { requireSoundPlan } from "../plan/require-sound-plan.js";
import { ensureEngineTables } from "../run/engine-tables.js";
import { throwIfStopped } from "../run/interrupted.js";
import type { RunOrigin } from "../run/run-log.js";
import { finishRun, recordAccepted, startRun } from "../run/run-log.js";
import { isProven, readTargetFacts } from "./arrive.js";
import type { StampScope } from "./recognise.js";
import { sidesAt } from "./recognise.js";
import type { Replay } from "./replay.js";
import type { RunLockOptions } from "./with-run-lock.js";
import { withRunLock } from "./with-run-lock.js";

/** What is stamped. */
export type StampOptions = RunLockOptions & {
  /** In the order in which it is applied. */
  readonly folder: readonly Migration[];
  readonly scope: StampScope;
  /** The last migration to record. */
  readonly to: string;
  /** What the folder makes, to prove it by; or why it is done without. */
  readonly proof: { readonly replay: Replay } | { readonly reason: string };
  readonly origin: RunOrigin;
  /** Say what would be recorded, and record nothing. */
  readonly dryRun: boolean;
};

/**
 * Records migrations as applied without running them, in one transaction that has just seen that they are.
 *
 * @returns the names of those that were recorded.
 * @throws TenantryError `stamp-unproven` if the database is not what they make, `migrations-folder`, `lock-timeout`.
 */
export async function stampMigrations(options: StampOptions): Promise<readonly string[]> {
  const { folder, scope, to, proof } = options;
  const last = folder.findIndex(({ name }) => name === to);
  if (last < 0) throw unknownName(to, folder);
  const wanted = folder.slice(0, last + 1);
  return await withRunLock(options, () =>
    withDatabase(options.url, { ...options.connect, applicationName: "tenantry stamp" }, async (database) =>
      database.begin("isolation level repeatable read", async (session) => {
        const target = "replay" in proof ? await readTargetFacts(session, proof.replay) : undefined;
        if ("replay" in proof && !isProven(proof.replay, last + 1, target ?? [], scope)) throw unproven(to);
        const plan = planMigrations(folder, await readLedger(session, scope.ledger));
        requireSoundPlan(plan);
        const later = plan.migrations.slice(last + 1).filter(({ state }) => state === "applied");
        if (later.length > 0)
          throw goesBack(
            to,
            later.map(({ name }) => name),
          );
        const applied = new Set(
          plan.migrations.flatMap(({ state, name }) => (state === "applied" ? [name] : [])),
        );
        const missing = wanted.filter(({ name }) => !applied.has(name));
        if (options.dryRun || missing.length === 0) return missing.map(({ name }) => name);
        throwIfStopped(options.signal);
        const shape = await ensureLedger(session, scope.ledger, folder);
        for (const migration of missing) await recordMigration(session, scope.ledger, migration, shape);
        await ensureEngineTables(session);
        const run = await startRun(session, `${scope.ledger.schema}.${scope.ledger.table}`, options.origin);
        if ("reason" in proof) {
          const { reason } = proof;
          await recordAccepted(
            session,
            run,
            missing.map(({ name, hash }) => ({ migration: name, from: "", to: hash, reason })),
          );
        }
        const fingerprint =
          "replay" in proof && target !== undefined
            ? fingerprintFacts(sidesAt(proof.replay, last + 1, target, scope).target)
            : undefined;
        await finishRun(session, run, { outcome: "applied", lockWait: 0, retries: 0, fingerprint });
        return missing.map(({ name }) => name);
      }),
    ),
  );
}

function unknownName(to: string, folder: readonly Migration[]): TenantryError {
  const similar = folder.filter(({ name }) => name.includes(to)).map(({ name }) => name);
  return new TenantryError({
    code: "argument-invalid",
    message: `No migration of the folder is named ${to}.`,
    details: similar.slice(0, 5),
    hint: 'Name the migration as its folder, or its file without ".sql", is named; "tenantry heads" shows them.',
  });
}

function unproven(to: string): TenantryError {
  return new TenantryError({
    code: "stamp-unproven",
    message: `The database is not what the migrations up to ${to} make.`,
    hint: 'Nothing was recorded. "tenantry init --dry-run" shows what it is nearest to, and what differs; stamp --force --reason TEXT records it all the same.',
  });
}

function goesBack(to: string, later: readonly string[]): TenantryError {
  return new TenantryError({
    code: "migrations-folder",
    message: `The ledger already has migrations after ${to}.`,
    details: later,
    hint: 'Nothing was recorded. stamp only adds; in development "tenantry rollback" takes migrations back.',
  });
}
