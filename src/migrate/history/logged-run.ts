import { z } from "zod";

const moment = z.string().pipe(z.coerce.date());

const run = z.object({
  id: z.string(),
  startedAt: moment,
  finishedAt: moment.nullable(),
  /** Such as `applied`, `failed` or `running`. */
  outcome: z.string(),
  command: z.string(),
  environment: z.string().nullable(),
  role: z.string(),
  host: z.string().nullable(),
  version: z.string(),
  gitRevision: z.string().nullable(),
  lockWaitMs: z.number(),
  retries: z.number(),
  errorCode: z.string().nullable(),
  error: z.string().nullable(),
  fingerprint: z.string().nullable(),
  accepted: z.unknown(),
  /** What the backup is called that was taken before it. */
  backupRef: z.string().nullable(),
  /** How many migrations it has applied. */
  applied: z.number(),
});

/** One run, as the log has it. */
export type LoggedRun = z.output<typeof run>;

/** Rows of the log. */
export const loggedRuns = z.array(run);

const migration = z.object({
  name: z.string(),
  hash: z.string(),
  /** `transaction` or `steps`. */
  mode: z.string(),
  outcome: z.string(),
  milliseconds: z.number(),
  lockWaitMs: z.number(),
  attempts: z.number(),
  statements: z.array(z.object({ line: z.number(), milliseconds: z.number() })),
});

/** One migration of a run. */
export type LoggedMigration = z.output<typeof migration>;

/** Rows of the log. */
export const loggedMigrations = z.array(migration);
