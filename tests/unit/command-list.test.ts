import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { COMMAND_LINES, loadCommands } from "../../src/cli/commands.js";
import { GLOBAL_OPTIONS } from "../../src/cli/global-options.js";
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

/** What a command line says, to both outputs. */
async function say(...argv: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const around = { cwd: "/", variables: {}, stdin: {}, stdout, stderr, signal: AbortSignal.abort() };
  const exitCode = await runProgram(argv, around);
  return { exitCode, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

it("shows an example in the help of every command, which the command itself would take", async () => {
  for (const { name, example, options } of await loadCommands()) {
    const { exitCode, stdout } = await say(name, "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: tenantry ${name}`));
    expect(stdout.endsWith(`\nExample:\n  tenantry ${example}\n`), name).toBe(true);
    expect(example.split(" ")[0]).toBe(name);
    const known = [...options, ...GLOBAL_OPTIONS].map(({ flags }) => flags.split(/[ ,]/)[0]);
    for (const word of example.split(" ").filter((each) => each.startsWith("-")))
      expect(known).toContain(word);
  }
});

it.each([
  [["statsu"], "Unknown command 'statsu'. Did you mean status?", "tenantry --help"],
  [["help", "statsu"], "Unknown command 'statsu'. Did you mean status?", "tenantry --help"],
  [["status", "--jsn"], "Unknown option '--jsn'. Did you mean --json?", "tenantry status --help"],
  [
    ["migrate", "--lock-wiat", "3"],
    "Unknown option '--lock-wiat'. Did you mean --lock-wait?",
    "tenantry migrate --help",
  ],
  [
    ["--evn", "production", "status"],
    "Unknown option '--evn'. Did you mean --env?",
    "tenantry status --help",
  ],
  [["frobnicate"], "Unknown command 'frobnicate'.", "tenantry --help"],
])("says of %j what may be meant, in the form of every error", async (argv, message, next) => {
  expect(await say(...argv)).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringMatching(
      new RegExp(`^error: ${message.replaceAll(/[?.]/g, "\\$&")}\nhint: Run "${next}"`),
    ),
  });
  const { exitCode, stdout, stderr } = await say(...argv, "--json");
  expect([exitCode, stderr]).toEqual([2, ""]);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: "argument-invalid", message } });
});

it("explains the same by help and by --help, also help itself", async () => {
  expect(await say("help", "rollback")).toEqual(await say("rollback", "--help"));
  expect((await say("help", "help")).exitCode).toBe(0);
});
