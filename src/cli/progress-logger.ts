import type { LogFields, Logger } from "../core/logger.js";
import { jsonLogger, silentLogger } from "../core/logger.js";
import type { Context } from "./context.js";

/** Between two looks at the clock, in milliseconds. */
const TICK_MS = 1000;

/** How the log is written: for people, or one JSON object on each line. */
export type LogFormat = "text" | "json";

/**
 * The logger of a run that may take long. On a terminal the migration under way is shown with the time that it has taken,
 * on a line that is written over; elsewhere a migration is told when it is done. With JSON every event is told.
 */
export function openProgressLog(
  { stderr, quiet, variables }: Pick<Context, "stderr" | "quiet" | "variables">,
  format: LogFormat,
): { readonly logger: Logger; readonly close: () => void } {
  if (quiet) return { logger: silentLogger, close: () => {} };
  if (format === "json") return { logger: jsonLogger((line) => void stderr.write(line)), close: () => {} };
  const isLive = stderr.isTTY === true && variables.TERM !== "dumb";
  let timer: NodeJS.Timeout | undefined;
  let line = "";
  const clear = () => {
    if (line !== "") stderr.write("\r\u001b[2K");
    line = "";
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    clear();
  };
  const follow = (message: string) => {
    const started = Date.now();
    const show = () => {
      clear();
      line = `${message} … ${Math.round((Date.now() - started) / 1000)} s`;
      stderr.write(line);
    };
    timer = setInterval(show, TICK_MS);
    timer.unref();
  };
  const tell = (prefix: string) => (message: string, fields?: LogFields) => {
    if (fields?.event === "migration-applied") stop();
    if (fields?.event === "migration-started") {
      stop();
      if (isLive) follow(message);
      return;
    }
    clear();
    stderr.write(`${prefix}${message}\n`);
  };
  return { logger: { info: tell(""), warn: tell("warning: ") }, close: stop };
}
