import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { copyBuiltProject } from "./support/copy-project.js";
import type { Ended } from "./support/run-command.js";
import { runCommand } from "./support/run-command.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const folder = join(await makeTemporaryFolder(), "clone");
const documents = join(folder, "schema/documents.ts");

function git(...args: readonly string[]): Promise<Ended> {
  const identity = [
    "-c",
    "user.name=Test",
    "-c",
    "user.email=test@example.org",
    "-c",
    "commit.gpgsign=false",
  ];
  // The machine's own configuration may name other hooks.
  const env = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  return runCommand({ program: "git", args: [...identity, ...args], cwd: folder, env });
}

async function must(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await git(...args);
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

const commit = () => git("commit", "--quiet", "--message", "change the schema");

async function removeProtection(): Promise<number> {
  const text = await readFile(documents, "utf8");
  const broken = text.replace(/^ *withTenantRls\(t[^)]*\),\n/m, "");
  expect(broken).not.toBe(text);
  await writeFile(documents, broken);
  return broken.split("\n").findIndex((line) => line.includes("= pgTable(")) + 1;
}

beforeAll(async () => {
  await copyBuiltProject(folder);
  await must("init", "--quiet", "--initial-branch=main");
  await must("config", "core.hooksPath", ".githooks");
  // The link to the installed packages is none of what a clone ignores, which is folders.
  await appendFile(join(folder, ".git/info/exclude"), "node_modules\n");
  await must("add", "--all");
  await must("commit", "--quiet", "--no-verify", "--message", "begin");
});

describe("the pre-commit hook", () => {
  it("stops whoever deletes withTenantRls from a table, with file and line, until it is there again", async () => {
    const head = await must("rev-parse", "HEAD");
    const line = await removeProtection();
    await must("add", "--all");
    const { status, stdout, stderr } = await commit();
    expect(status).toBe(1);
    expect(`${stdout}${stderr}`).toMatch(
      new RegExp(`^error\\[table-not-declared\\] documents \\(schema/documents\\.ts:${line}:\\d+\\): `, "m"),
    );
    expect(await must("rev-parse", "HEAD")).toBe(head);

    await must("checkout", "HEAD", "--", "schema");
    await appendFile(documents, "\n// a remark\n");
    await must("add", "--all");
    expect(await commit()).toMatchObject({ status: 0 });
    expect(await must("rev-parse", "HEAD~1")).toBe(head);
  });

  it("judges what is staged, though the work tree is in order, and also what `git commit FILE` takes", async () => {
    await removeProtection();
    await must("add", "--all");
    await must("checkout", "HEAD~0", "--", "schema/index.ts");
    const broken = await readFile(documents, "utf8");
    await writeFile(documents, await must("show", "HEAD:schema/documents.ts"));
    expect(await commit()).toMatchObject({ status: 1 });
    await must("reset", "--quiet");
    await writeFile(documents, broken);
    expect(await git("commit", "--quiet", "--message", "one file", "schema/documents.ts")).toMatchObject({
      status: 1,
    });
    await must("checkout", "HEAD", "--", "schema");
  });

  it("gives the same answer to the same question twice, and another once the rest has changed", async () => {
    await removeProtection();
    await must("add", "--all");
    const [first, second] = [await commit(), await commit()];
    expect(second).toEqual(first);
    await must("checkout", "HEAD", "--", "schema");
    const [migration] = (await must("ls-files", "drizzle/*/migration.sql")).split("\n");
    await must("commit", "--quiet", "--allow-empty", "--message", "nothing");
    await appendFile(
      join(folder, migration ?? ""),
      "--> statement-breakpoint\nalter table documents disable row level security;\n",
    );
    await must("add", "--all");
    const opened = await commit();
    expect(opened.status).toBe(1);
    expect(`${opened.stdout}${opened.stderr}`).toMatch(/^error\[rls-not-enabled\] documents /m);
  });
});
