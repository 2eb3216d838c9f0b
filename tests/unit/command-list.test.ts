import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { COMMAND_LINES, loadCommands } from "../../src/cli/commands.js";
import { runProgram } from "../../src/cli/program.js";

it("lists every command as the command itself says", async () => {
  const commands = await loadCommands();
  expect(COMMAND_LINES).toEqual(
    commands.map(({ name, summary, argument }) => ({ name, summary, argument: argument?.name })),
  );
});

it.each([["--help"], ["help"]])("shows them all for %s, and what one takes for its own", async (...argv) => {
  const run = async (...args: readonly string[]) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const around = { cwd: "/", variables: {}, stdin: {}, stdout, stderr, signal: AbortSignal.abort() };
    expect(await runProgram(args, around)).toBe(0);
    return String(stdout.read() ?? "").replaceAll(/\s+/g, " ");
  };
  const all = await run(...argv);
  for (const { name, summary, argument } of COMMAND_LINES)
    expect(all).toContain(`${name} [options]${argument === undefined ? "" : ` [${argument}]`} ${summary}`);
  expect(await run("help", "check")).toContain("--staged");
});
