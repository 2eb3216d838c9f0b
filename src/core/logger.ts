/** What a message is about, for programs that read the log. */
export type LogFields = {
  /** A word for what happened, such as `migration-applied`; never renamed. */
  readonly event: string;
  readonly migration?: string;
  readonly [field: string]: string | number | boolean | undefined;
};

/** Where progress goes. Structural, so that winston or console can be passed in. */
export type Logger = {
  /** A step that began or ended, for people who watch. */
  info(message: string, fields?: LogFields): void;
  /** Something that went on, but that somebody should look at. */
  warn(message: string, fields?: LogFields): void;
};

/** Says nothing. The default for programs; the CLI passes one that writes to stderr. */
export const silentLogger: Logger = {
  info: () => {},
  warn: () => {},
};

/**
 * A logger that writes one JSON object for each event, on a line of its own: `{time, level, event, message, …}`.
 *
 * @param write takes a line, its end included.
 * @param now the time, for tests.
 * @example jsonLogger((line) => process.stderr.write(line)).info("applied a", { event: "migration-applied", migration: "a" });
 */
export function jsonLogger(write: (line: string) => void, now: () => Date = () => new Date()): Logger {
  const log = (level: "info" | "warn", message: string, fields: LogFields = { event: "progress" }) =>
    write(`${JSON.stringify({ time: now().toISOString(), level, ...fields, message })}\n`);
  return {
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
  };
}
