import { spawn } from "node:child_process";
import { TenantryError } from "../../core/errors.js";
import type { ExitCode } from "../command.js";
import { withInterrupts } from "./with-interrupts.js";

/** A program that gets the terminal. */
export type InheritedProgram = {
  readonly path: string;
  readonly args: readonly string[];
  /** Its whole environment: nothing is inherited beside it. */
  readonly variables: NodeJS.ProcessEnv;
  /** Ends the program when it fires. */
  readonly signal: AbortSignal;
};

/**
 * Runs a program on our own terminal and waits for its end. It gets Ctrl-C and Ctrl-\ from the terminal itself, being
 * in the same process group; a hang-up and the end of tenantry are passed on, so that what the caller must clean up
 * is cleaned up after it.
 *
 * @returns 0 if the program ended with 0, else 2: 1 is kept for findings.
 * @throws TenantryError `dependency-missing` if the program cannot be started.
 */
export async function runInherited(program: InheritedProgram): Promise<ExitCode> {
  return await withInterrupts(
    () => {},
    () =>
      new Promise<ExitCode>((resolve, reject) => {
        const child = spawn(program.path, program.args, { stdio: "inherit", env: program.variables });
        const end = () => void child.kill("SIGTERM");
        const hangUp = () => void child.kill("SIGHUP");
        const leaveIt = () => {};
        const release = () => {
          program.signal.removeEventListener("abort", end);
          process.off("SIGHUP", hangUp).off("SIGQUIT", leaveIt);
        };
        process.on("SIGHUP", hangUp).on("SIGQUIT", leaveIt);
        program.signal.addEventListener("abort", end);
        if (program.signal.aborted) end();
        child.once("error", (thrown) => {
          release();
          reject(
            new TenantryError({
              code: "dependency-missing",
              message: `${program.path} could not be started.`,
              hint: "Repair it, or run the command again with --builtin.",
              details: [thrown.message],
              cause: thrown,
            }),
          );
        });
        child.once("exit", (code) => {
          release();
          resolve(code === 0 ? 0 : 2);
        });
      }),
  );
}
