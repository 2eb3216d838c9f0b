/**
 * What is left of squawk's rules, and why. squawk knows locks and rewrites better than we do; but it does not know that
 * our runner sets timeouts and wraps a migration in a transaction, nor what drizzle-kit writes by itself.
 */
export const SILENT_SQUAWK_RULES: ReadonlyMap<string, string> = new Map([
  ["require-lock-timeout", "the runner sets lock_timeout for every migration"],
  ["require-statement-timeout", "the runner sets statement_timeout for every migration"],
  ["require-timeout-settings", "as the two above, in older versions of squawk"],
  [
    "prefer-robust-stmts",
    "a migration runs once, in a transaction: IF NOT EXISTS would hide that it ran twice",
  ],
  ["transaction-nesting", "the runner cuts a migration at its own COMMIT, and policy-gap looks at the gap"],
  ["ban-uncommitted-transaction", "the runner commits"],
  ["prefer-text-field", "a matter of the schema, which the code decides"],
  ["prefer-bigint-over-int", "a matter of the schema, which the code decides"],
  ["prefer-bigint-over-smallint", "a matter of the schema, which the code decides"],
  ["prefer-big-int", "a matter of the schema, which the code decides"],
  ["prefer-identity", "a matter of the schema, which the code decides"],
  ["prefer-timestamptz", "a matter of the schema, which the code decides"],
  ["prefer-timestamp-tz", "as above, in older versions of squawk"],
  ["ban-char-field", "a matter of the schema, which the code decides"],
  ["adding-serial-primary-key-field", "a matter of the schema, which the code decides"],
  ["require-table-schema", "drizzle-kit writes tables of the schema public without it"],
  ["identifier-too-long", "drizzle-kit writes the names"],
  ["require-enum-value-ordering", "drizzle-kit writes the order that the schema has"],
  ["syntax-error", "PostgreSQL's own parser has read the file before; squawk's is not as complete"],
]);

/** Of squawk's findings all are warnings but these, which lose data or stop every reader for as long as they run. */
export const BLOCKING_SQUAWK_RULES: ReadonlySet<string> = new Set([
  "ban-drop-database",
  "ban-truncate-cascade",
]);
