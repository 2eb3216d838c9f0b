/** Where a shell reads and writes: the process's own streams, or what a test has put in their place. */
export type Terminal = {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
  /** True if a person types and reads; false in scripts, which get no prompt and stop at the first error. */
  readonly interactive: boolean;
};

/** The terminal of this process. A shell whose output goes into a file is a script's, as psql sees it. */
export function processTerminal(): Terminal {
  return {
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
  };
}
