/** Whether the session is outside of a transaction, in one, or in one that has failed. */
export type TransactionState = "none" | "open" | "failed";

/**
 * The state after a statement. postgres.js does not pass on what the server says about it, but the statement's tag says
 * it as well, except that ROLLBACK TO a savepoint, and AND CHAIN, leave a transaction open.
 *
 * @param tag the statement's tag, or undefined if it failed.
 * @example nextTransactionState("none", "BEGIN", "begin") // "open"
 */
export function nextTransactionState(
  state: TransactionState,
  tag: string | undefined,
  sql: string,
): TransactionState {
  switch (tag) {
    case undefined:
      return state === "none" ? "none" : "failed";
    case "BEGIN":
    case "START TRANSACTION":
      return "open";
    case "COMMIT":
    case "ROLLBACK":
      return state !== "none" && /^rollback\b.*\bto\b|\band\s+chain\b/is.test(sql) ? "open" : "none";
    case "PREPARE TRANSACTION":
      return "none";
    default:
      return state;
  }
}

/** The sign of a state in a prompt, psql's `%x`. */
export function transactionSign(state: TransactionState): string {
  return { none: "", open: "*", failed: "!" }[state];
}
