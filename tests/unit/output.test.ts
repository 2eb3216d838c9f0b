import { expect, it } from "vitest";
import { z } from "zod";
import { defineCommand } from "../../src/cli/command.js";
import type { Context } from "../../src/cli/context.js";
import { explainServerError } from "../../src/cli/explain-server-error.js";
import { formatError, formatJsonError } from "../../src/cli/output.js";
import { TenantryError } from "../../src/core/errors.js";

const broken = defineCommand({
  name: "broken",
  summary: "",
  example: "broken --lock-wait 5s",
  options: [{ flags: "--lock-wait <duration>", description: "" }],
  input: z.object({ lockWait: z.literal("5s") }),
  run: async () => {
    z.number().parse("no number");
    return { exitCode: 0, data: null };
  },
});
const run = (options: unknown) => broken.run({} as Context, options).catch((thrown: unknown) => thrown);

it("tells what was typed wrong, by the name that was typed, from what is wrong inside", async () => {
  expect(await run({ lockWait: "5 s" })).toMatchObject({
    code: "argument-invalid",
    details: [expect.stringMatching(/^--lock-wait: /)],
  });
  expect(await run({ lockWait: "5s" })).toBeInstanceOf(z.ZodError);
});

it("gives programs one object also for a bug, and people its stack", () => {
  const bug = new TypeError("x is not a function");
  expect(JSON.parse(formatJsonError("status", bug))).toMatchObject({
    ok: false,
    command: "status",
    error: { code: "bug", message: "x is not a function", details: [] },
  });
  expect(formatError(bug)).toContain("output.test.ts");
  const mistake = new TenantryError({ code: "argument-invalid", message: "No." });
  expect(JSON.parse(formatJsonError("status", mistake)).error).toEqual({
    code: "argument-invalid",
    message: "No.",
    details: [],
  });
  expect(formatError(mistake)).toBe("error: No.");
});

it.each([
  ["42501", "role-insufficient"],
  ["25006", "role-insufficient"],
  ["55P03", "lock-timeout"],
  ["57014", "statement-timeout"],
  ["40001", "server-failed"],
  ["57P01", "connection-failed"],
  ["CONNECT_TIMEOUT", "connection-failed"],
  ["53100", "server-failed"],
])("tells what %s of a server means, as no bug", (state, code) => {
  const thrown = Object.assign(new Error("what the server says"), { code: state });
  expect(explainServerError(thrown)).toMatchObject({ code, hint: expect.any(String) });
});

it("leaves a bug a bug: SQL that is wrong, or an error of ours without a code", () => {
  for (const bug of [Object.assign(new Error("syntax"), { code: "42601" }), new TypeError("x")])
    expect(explainServerError(bug)).toBe(bug);
});
