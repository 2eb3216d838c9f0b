import { describe, expect, it } from "vitest";
import { readBlocks, readPage, readSections } from "./support/markdown.js";
import { readWorkflow } from "./support/workflow.js";

const page = readPage("docs/operations.md");

/** The members of the union `ErrorCode`, in the order of the source. */
function readErrorCodes(): string[] {
  const source = readPage("src/core/errors.ts");
  const union = /export type ErrorCode =\n((?:\s+\| "[a-z0-9-]+";?\n)+)/.exec(source)?.[1];
  if (union === undefined)
    throw new Error("src/core/errors.ts has no union ErrorCode of the form that this test reads");
  return [...union.matchAll(/"([a-z0-9-]+)"/g)].map((match) => match[1] ?? "");
}

const errors = readSections(page, 2).find(({ title }) => title === "Errors")?.text ?? "";
const explained = readSections(errors, 3);

describe("docs/operations.md", () => {
  it("explains every error code, in the order of the source, and no other", () => {
    const codes = readErrorCodes();
    expect(codes).toContain("argument-invalid");
    expect(explained.map(({ title }) => title)).toEqual(codes);
  });

  it("says of each what it means, and then what to do", () => {
    for (const { title, text } of explained) {
      const paragraphs = text.trim().split(/\n\n+/);
      expect(paragraphs.length, title).toBeGreaterThanOrEqual(2);
    }
  });
});

describe("the workflow in docs/operations.md", () => {
  const [text, ...more] = readBlocks(page).filter(
    ({ language, section }) => language === "yaml" && section === "In CI",
  );
  const steps = readWorkflow(text?.text ?? "");
  const commands = steps.flatMap(({ run }) => run ?? []);

  it("is one, of the form that the test can read", () => {
    expect(more).toEqual([]);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps)
      expect(step.run === undefined, JSON.stringify(step)).toBe(step.uses !== undefined);
  });

  it("checks, compares what is generated, and rehearses, whatever the others found", () => {
    expect(
      commands.map((command) => /^npx tenantry (.+?)( \$BASE.*)?$/.exec(command)?.[1]).filter(Boolean),
    ).toEqual(["check --format sarif", "generate --check", "validate"]);
    const later = steps.slice(steps.findIndex(({ run }) => run?.includes("check --format") === true) + 1);
    for (const step of later) expect(step.if).toMatch(/^always\(\)/);
  });

  it("uploads what the check has written, and may", () => {
    const [, written] = /> (\S+)$/.exec(commands.find((command) => command.includes("sarif")) ?? "") ?? [];
    const upload = steps.find(({ uses }) => uses?.startsWith("github/codeql-action/upload-sarif@") === true);
    expect(written).toBeDefined();
    expect(upload?.sarif_file).toBe(written);
    expect(text?.text).toContain("\n  security-events: write\n");
  });

  it("gives the rehearsal the server that it starts, with the history for the check", () => {
    const yaml = text?.text ?? "";
    const password = /POSTGRES_PASSWORD: (\S+)/.exec(yaml)?.[1];
    const port = /- (\d+):5432/.exec(yaml)?.[1];
    const url = new URL(/SHADOW_DATABASE_URL: (\S+)/.exec(yaml)?.[1] ?? "");
    expect([url.username, url.password, url.port]).toEqual(["postgres", password, port]);
    expect(steps.find(({ uses }) => uses?.startsWith("actions/checkout@") === true)?.["fetch-depth"]).toBe(
      "0",
    );
  });
});

describe("the reader of workflows", () => {
  const workflow = "name: x\njobs:\n  one:\n    steps:\n      - run: a\n";

  it.each([
    ["a tab", workflow.replace("    steps", "\tsteps")],
    ["an odd indent", workflow.replace("    steps", "   steps")],
    ["a key twice", workflow.replace("name: x", "name: x\nname: y")],
    ["a line that is no key", workflow.replace("name: x", "name")],
    ["a jump inwards", workflow.replace("  one:", "      one:")],
    ["children of a value", workflow.replace("name: x", "name: x\n  more: y")],
    ["a colon in a plain value", workflow.replace("run: a", "run: a: b")],
    ["a comment by mistake", workflow.replace("run: a", "run: a #b")],
  ])("refuses %s", (_, text) => {
    expect(() => readWorkflow(text)).toThrow(/line \d/);
  });
});
