import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { qualify, quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import type { Step } from "../statements/group-steps.js";

const CHECKPOINTS = qualify(ENGINE_SCHEMA, "checkpoints");

/** One step of a migration that is applied step by step, as far as it has come. */
export type Checkpoint = {
  /** The number of its first statement, from 1. */
  readonly step: number;
  readonly statements: number;
  readonly fileHash: string;
  readonly stepHash: string;
  /** What the catalog said before it. */
  readonly before: unknown;
  /** `started` of a run that is gone: it was killed, and nobody knows how far the step has come. */
  readonly state: "started" | "failed" | "finished";
};

/** Which migration of which ledger. */
export type CheckpointPlace = { readonly ledger: string; readonly migration: string };

/** A ledger as the run log and the checkpoints name it. */
export function ledgerName({ schema, table }: LedgerPlace): string {
  return `${schema}.${table}`;
}

/** The checkpoints of a migration, in order; none once it is in the ledger. */
export async function readCheckpoints(session: Session, place: CheckpointPlace): Promise<Checkpoint[]> {
  return await session.unsafe<Checkpoint[]>(
    `select step, statements, file_hash as "fileHash", step_hash as "stepHash", before,
            case when finished_at is not null then 'finished' when failed_at is not null then 'failed' else 'started' end as state
     from ${CHECKPOINTS} where ${isOf(place)} order by step`,
  );
}

/** True if a migration of this ledger has been applied in part. */
export async function readUnfinished(session: Session, ledger: string): Promise<string[]> {
  const rows = await session.unsafe<{ migration: string }[]>(
    `select distinct migration from ${CHECKPOINTS} where ledger = ${quoteLiteral(ledger)} order by 1`,
  );
  return rows.map(({ migration }) => migration);
}

/** The statement that records a step, as begun or, inside the step's own transaction, as done. */
export function recordStep(
  place: CheckpointPlace,
  migration: Pick<Migration, "hash">,
  step: Step,
  runId: string,
  state: { readonly before: unknown } | "finished",
): string {
  const values = [
    ...[place.ledger, place.migration].map(quoteLiteral),
    step.number,
    step.statements.length,
    ...[migration.hash, step.hash].map(quoteLiteral),
    state === "finished" ? "null" : `${quoteLiteral(JSON.stringify(state.before ?? null))}::jsonb`,
    `${quoteLiteral(runId)}::bigint`,
    state === "finished" ? "clock_timestamp()" : "null",
  ];
  return `insert into ${CHECKPOINTS} (ledger, migration, step, statements, file_hash, step_hash, before, run_id, finished_at)
    values (${values.join(", ")}) on conflict (ledger, migration, step) do update set statements = excluded.statements,
      file_hash = excluded.file_hash, step_hash = excluded.step_hash, before = excluded.before, run_id = excluded.run_id,
      started_at = clock_timestamp(), finished_at = excluded.finished_at, failed_at = null`;
}

/** Marks a step that runs alone as done, or as failed: the server has answered. */
export async function endStep(
  session: Session,
  place: CheckpointPlace,
  step: number,
  state: "finished" | "failed",
): Promise<void> {
  await session.unsafe(
    `update ${CHECKPOINTS} set ${state}_at = clock_timestamp() where ${isOf(place)} and step = ${step}`,
  );
}

/** The statement that forgets a migration's checkpoints, in the transaction that writes its ledger row. */
export function forgetCheckpoints(place: CheckpointPlace): string {
  return `delete from ${CHECKPOINTS} where ${isOf(place)}`;
}

/** The statements that settle by hand what nobody can know: for a hint. */
export function settleByHand(
  place: CheckpointPlace,
  step: number,
): { readonly done: string; readonly again: string } {
  const where = `where ${isOf(place)} and step = ${step}`;
  return {
    done: `update ${CHECKPOINTS} set finished_at = now() ${where};`,
    again: `delete from ${CHECKPOINTS} ${where};`,
  };
}

function isOf({ ledger, migration }: CheckpointPlace): string {
  return `ledger = ${quoteLiteral(ledger)} and migration = ${quoteLiteral(migration)}`;
}
