import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { connectionLost } from "./backend.js";
import { PieceFailure } from "./send-pieces.js";

/** What a file has and a connection has not: whoever writes the file says which it is. */
const FILE_CODES: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS", "EFBIG", "EIO"]);

/**
 * What a statement of our own failed with, in words: a right that is missing, a connection that ended, a disk that is full.
 * Anything else is given back: it is a bug.
 */
export function engineError(thrown: unknown): unknown {
  const cause = thrown instanceof PieceFailure ? thrown.thrown : thrown;
  if (cause instanceof TenantryError) return cause;
  const code = codeOf(cause) ?? "";
  if (code === "42501") {
    return new TenantryError({
      code: "role-insufficient",
      message: `The migrator's role lacks a right that a run needs: ${messageOf(cause)}.`,
      hint: "What was under way is rolled back. Connect as the role that owns the tables, or grant it the right.",
      cause,
    });
  }
  if (FILE_CODES.has(code)) return cause;
  if (/^(08|57P|CONNECTION_|E[A-Z]+$)/.test(code))
    return connectionLost(cause, code.startsWith("57P") ? messageOf(cause) : undefined);
  if (/^53|^58/.test(code)) {
    return new TenantryError({
      code: "server-failed",
      message: `The server could not go on: ${messageOf(cause)} (${code}).`,
      hint: 'What was under way is rolled back. Give the server what it lacks (disk, memory, connections), then run "tenantry migrate" again.',
      cause,
    });
  }
  return cause;
}
