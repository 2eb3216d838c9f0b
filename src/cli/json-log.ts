import { messageOf, TenantryError } from "../core/errors.js";
import { jsonLogger } from "../core/logger.js";

type Write = (line: string) => void;

/** True if a command line asks for a log in which each line is an object: then nothing else goes to stderr. */
export function asksForJsonLog(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) => word === "--log=json" || (word === "--log" && argv[index + 1] === "json"),
  );
}

/** The end of a run that failed, in such a log; of a bug with its stack. */
export function logFailure(thrown: unknown, write: Write): void {
  const { code, message, details, hint } =
    thrown instanceof TenantryError
      ? thrown
      : {
          code: "bug",
          message: messageOf(thrown),
          details: thrown instanceof Error && thrown.stack !== undefined ? [thrown.stack] : [],
          hint: "Please report it with this line.",
        };
  const more = { ...(details.length === 0 ? {} : { details: details.join("\n") }), hint };
  jsonLogger(write).warn(message, { event: "run-failed", code, ...more });
}

/** The beginning of the end of a run that was told to stop. */
export function logStop(write: Write): void {
  jsonLogger(write).warn("stopping; the next signal stops at once", { event: "stopping" });
}
