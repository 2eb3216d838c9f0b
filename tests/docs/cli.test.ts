import { describe, expect, it } from "vitest";
import { loadCommands } from "../../src/cli/commands.js";
import { describeCommand } from "../../src/cli/describe-cli.js";
import { writeCliPage } from "./support/cli-page.js";
import { readPage, readRows, readSections } from "./support/markdown.js";

const page = readPage("docs/cli.md");
const commands = await loadCommands();

describe("docs/cli.md", () => {
  it("is what the commands' definitions say: otherwise run make docs-cli", () => {
    expect(page).toBe(writeCliPage(commands));
  });

  it("has a section for every command, with each of its options, and its exit codes", () => {
    const sections = new Map(readSections(page, 2).map(({ title, text }) => [title, text]));
    for (const command of commands) {
      const text = sections.get(command.name) ?? "";
      const rows = readRows(text).map(([cell]) => cell);
      for (const { flags } of command.options) expect(rows, command.name).toContain(`\`${flags}\``);
      expect(text).toContain(`tenantry ${command.example}`);
      expect(text).toMatch(/^Exit codes:\n\n- 0: .+\n- 1: .+\n- 2: .+$/m);
    }
  });

  it("says of every variable that a command reads what it is", () => {
    const known = readRows(readSections(page, 2).find(({ title }) => title === "Environment")?.text ?? "");
    const names = known.map(([cell]) => cell?.replaceAll("`", ""));
    const used = commands.flatMap((command) => describeCommand(command).variables);
    expect([...new Set(used)].filter((name) => !names.includes(name))).toEqual([]);
  });

  it("tells the defaults, the words that a value may be, and what may be repeated", () => {
    const check = readSections(page, 2).find(({ title }) => title === "check")?.text ?? "";
    const row = (name: string) => readRows(check).find(([cell]) => cell?.includes(name))?.[1];
    expect(row("--format")).toBe("text, json, sarif or github; default text");
    expect(row("--services")).toMatch(/; may be repeated$/);
  });
});
