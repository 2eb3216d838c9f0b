import type { ErrorCode } from "../core/errors.js";
import { codeOf, messageOf, TenantryError } from "../core/errors.js";

type Explanation = {
  /** SQLSTATEs, and codes of Node.js and postgres.js. */
  readonly codes: RegExp;
  readonly error: ErrorCode;
  readonly what: string;
  readonly hint: string;
};

const EXPLANATIONS: readonly Explanation[] = [
  {
    codes: /^42501$/,
    error: "role-insufficient",
    what: "The login lacks a right that the command needs",
    hint: "Connect as the role that migrates, or grant the login the right.",
  },
  {
    codes: /^25006$/,
    error: "role-insufficient",
    what: "This server, or this login, only reads",
    hint: "Connect to the primary, as a login that may write.",
  },
  {
    codes: /^55P03$/,
    error: "lock-timeout",
    what: "Another session holds what the command needs",
    hint: "Run it again when that has ended.",
  },
  {
    codes: /^57014$/,
    error: "statement-timeout",
    what: "The server has ended what took it too long",
    hint: "Lift statement_timeout for this login (alter role … set statement_timeout = 0), then run the command again.",
  },
  {
    codes: /^(40P01|40001)$/,
    error: "server-failed",
    what: "Another session got in the way",
    hint: "Run it again.",
  },
  {
    codes: /^(08...|57P..|CONNECT\w*_\w+|ECONNRESET|ETIMEDOUT|EPIPE)$/,
    error: "connection-failed",
    what: "The connection to the server was lost",
    hint: "Look into the server's log for why it ended, then run the command again.",
  },
  {
    codes: /^(53...|58...)$/,
    error: "server-failed",
    what: "The server could not go on",
    hint: "Give the server what it lacks (disk, memory, connections), then run the command again.",
  },
];

/**
 * What a server's own refusal means, where the command had no words of its own for it: a right that the login lacks, a table
 * that somebody holds, a connection that ended. None of them is a bug; anything else is given back.
 */
export function explainServerError(thrown: unknown): unknown {
  const code = codeOf(thrown);
  if (thrown instanceof TenantryError || code === undefined) return thrown;
  const found = EXPLANATIONS.find(({ codes }) => codes.test(code));
  if (found === undefined) return thrown;
  const message = `${found.what}: ${messageOf(thrown)} (${code}).`;
  return new TenantryError({ code: found.error, message, hint: found.hint, cause: thrown });
}
