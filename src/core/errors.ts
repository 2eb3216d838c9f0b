/**
 * Every way in which tenantry refuses or fails on purpose. Programs may switch on these; they are never renamed.
 */
export type ErrorCode =
  | "argument-invalid"
  | "backup-invalid"
  | "backup-refused"
  | "backup-required"
  | "backup-unproven"
  | "binaries-missing"
  | "check-violation"
  | "config-invalid"
  | "config-not-found"
  | "connection-failed"
  | "context-missing"
  | "database-missing"
  | "dependency-missing"
  | "disk"
  | "environment-unknown"
  | "exclusion-violation"
  | "foreign-key-violation"
  | "generate-failed"
  | "interrupted"
  | "isolation"
  | "lock-timeout"
  | "manifest-mismatch"
  | "migration-failed"
  | "migrations-folder"
  | "not-null-violation"
  | "password-rejected"
  | "permission-denied"
  | "port-in-use"
  | "production-refused"
  | "rename-ambiguous"
  | "reset-refused"
  | "restore-failed"
  | "revert-conflicts"
  | "role-insufficient"
  | "row-not-permitted"
  | "rollback-impossible"
  | "schema-invalid"
  | "server-failed"
  | "server-too-old"
  | "sql-invalid"
  | "statement-timeout"
  | "stamp-unproven"
  | "tenant-column-missing"
  | "tenant-id-invalid"
  | "tenant-incomplete"
  | "unique-violation";

/** What the server said about a statement that it refused; no value of any row. */
export type RefusedStatement = {
  /** PostgreSQL's five characters, such as 23505. */
  readonly sqlState: string;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly constraint: string | undefined;
  /** Of the constraint, or the one column that the error is about; empty where they are not known. */
  readonly columns: readonly string[];
};

/** What a {@link TenantryError} is made from. */
export type ErrorParts = {
  readonly code: ErrorCode;
  /** Names the object that the error is about. One sentence, no secrets. */
  readonly message: string;
  /** The next command or edit. */
  readonly hint?: string | undefined;
  /** Further lines, for people. */
  readonly details?: readonly string[] | undefined;
  /** For programs: which constraint of which table. */
  readonly refused?: RefusedStatement | undefined;
  readonly cause?: unknown;
};

const MARK = Symbol.for("tenantry.error");

/**
 * The one error class: a mistake or a failure that tenantry understands. Anything else that is thrown is a bug
 * and is printed with its stack.
 *
 * @example
 * throw new TenantryError({
 *   code: "config-not-found",
 *   message: "drizzle.config.ts was not found in /srv/app.",
 *   hint: "Run the command in your project's folder, or name the file with --config.",
 * });
 */
export class TenantryError extends Error {
  /** Two copies of this module may be loaded (a schema is loaded by jiti): errors are known by a mark, not by class. */
  readonly [MARK] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && MARK in value;
  }

  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly refused: RefusedStatement | undefined;

  constructor(parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = "TenantryError";
    this.code = parts.code;
    this.hint = parts.hint;
    this.details = parts.details ?? [];
    this.refused = parts.refused;
  }
}

/** The text of whatever was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === "")
    return thrown.errors.map(messageOf).join("; ");
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` that Node.js and PostgreSQL put on their errors (`ECONNREFUSED`, `42P01`), or undefined. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
