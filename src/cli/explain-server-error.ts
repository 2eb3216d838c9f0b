import { codeOf, messageOf, TenantryError } from "../core/errors.js";

/**
 * What a server's own refusal means, where the command had no words of its own for it: a right that the login lacks, a table
 * that somebody holds, a connection that ended. None of them is a bug; anything else is given back.
 */
export function explainServerError(thrown: unknown): unknown {
  const code = codeOf(thrown);
  if (thrown instanceof TenantryError || code === undefined) return thrown;
  const told = `${messageOf(thrown)} (${code})`;
  const error = (fields: { code: TenantryError["code"]; message: string; hint: string }) =>
    new TenantryError({ ...fields, cause: thrown });
  if (code === "42501")
    return error({
      code: "role-insufficient",
      message: `The login lacks a right that the command needs: ${told}.`,
      hint: "Connect as the role that migrates, or grant the login the right.",
    });
  if (code === "55P03")
    return error({
      code: "lock-timeout",
      message: `Another session holds what the command needs: ${told}.`,
      hint: "Run it again when that has ended.",
    });
  if (code === "57014")
    return error({
      code: "statement-timeout",
      message: `The server has ended what took it too long: ${told}.`,
      hint: "Lift statement_timeout for this login (alter role … set statement_timeout = 0), then run the command again.",
    });
  if (code === "25006")
    return error({
      code: "role-insufficient",
      message: `This server, or this login, only reads: ${told}.`,
      hint: "Connect to the primary, as a login that may write.",
    });
  if (code === "40P01" || code === "40001")
    return error({
      code: "server-failed",
      message: `Another session got in the way: ${told}.`,
      hint: "Run it again.",
    });
  if (/^(08...|57P..|CONNECT\w*_\w+|ECONNRESET|ETIMEDOUT|EPIPE)$/.test(code))
    return error({
      code: "connection-failed",
      message: `The connection to the server was lost: ${told}.`,
      hint: "Look into the server's log for why it ended, then run the command again.",
    });
  if (/^(53...|58...)$/.test(code))
    return error({
      code: "server-failed",
      message: `The server could not go on: ${told}.`,
      hint: "Give the server what it lacks (disk, memory, connections), then run the command again.",
    });
  return thrown;
}
