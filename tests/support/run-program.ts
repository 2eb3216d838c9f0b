import { spawn } from "node:child_process";

/** How a program ended, and what it wrote to both outputs. */
export type Ended = { readonly status: number | null; readonly output: string };

/** Runs a program to its end, without input. One that cannot be started counts as ended with status 127. */
export function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", (error) => resolve({ status: 127, output: error.message }));
    child.once("close", (status) => resolve({ status, output }));
  });
}
