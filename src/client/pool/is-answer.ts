import postgres from "postgres";

/** True for an error that the server answered with and went on; not for one of a connection that ended. */
export function isAnswer(thrown: unknown): boolean {
  return thrown instanceof postgres.PostgresError && thrown.severity === "ERROR";
}

/**
 * True if it is not known whether what failed was committed: its connection was lost, or whoever asked gave up. Where the
 * server has answered with an error, it has rolled back.
 */
export function isInDoubt(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) if (isAnswer(error)) return false;
  return true;
}
