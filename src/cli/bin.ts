#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { asksForJsonLog, logStop } from "./json-log.js";
import { formatError } from "./output.js";
import { runProgram } from "./program.js";

/** The newest V8 that is known to have the flag below; another would complain about it on stderr. */
const NEWEST_KNOWN_V8 = 13;

// The SQL parser is WebAssembly. To optimise it in the background costs more than all the parsing of a command, and the
// process waits for that before it ends: of 1,102 statements, 530 ms of processor time with it and 175 without.
if (Number.parseInt(process.versions.v8, 10) <= NEWEST_KNOWN_V8) setFlagsFromString("--liftoff-only");

const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // The second time somebody means it: the server rolls back by itself what a dead client leaves.
    if (controller.signal.aborted) process.exit(2);
    if (asksForJsonLog(process.argv)) logStop((line) => void process.stderr.write(line));
    else process.stderr.write("\nstopping; press Ctrl-C again to stop at once\n");
    controller.abort();
  });
}
let outputFailed = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `tenantry status | head` closes the pipe early: that is no error.
  if (error.code === "EPIPE") return;
  outputFailed = true;
  process.exitCode = 2;
  process.stderr.write(`error: The output could not be written: ${error.message}.\n`);
});
// Nobody reads the progress any more: that must not end a migration half-way.
process.stderr.on("error", () => {});

runProgram(process.argv.slice(2), {
  cwd: process.cwd(),
  variables: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
}).then(
  (exitCode) => {
    process.exitCode = outputFailed ? 2 : exitCode;
  },
  (thrown: unknown) => {
    process.stderr.write(`${formatError(thrown)}\n`);
    process.exitCode = 2;
  },
);
