import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { serverUrl } from "../support/databases.js";
import { runProgram } from "../support/run-program.js";
import { readBlocks, readPage, repository } from "./support/markdown.js";
import { createSnippetProject } from "./support/snippet-project.js";

const snippets = readBlocks(readPage("docs/testing.md")).filter(({ language }) => language === "ts");
const project = createSnippetProject(snippets);
afterAll(project.remove);

/** As a reader would run it, on the server of this run. */
async function run(program: string, args: readonly string[]) {
  const command = [join(repository, "node_modules", program), ...args];
  // Else vitest would take itself for a part of this run.
  const env = {
    TEST_DATABASE_URL: serverUrl,
    VITEST: undefined,
    VITEST_POOL_ID: undefined,
    VITEST_WORKER_ID: undefined,
  };
  return await runProgram(process.execPath, command, env);
}

describe("docs/testing.md", () => {
  it("shows a test file for vitest that passes", async () => {
    expect(project.files).toContain("documents.test.ts");
    const { status, output } = await run("vitest/vitest.mjs", [
      "run",
      "--root",
      project.directory,
      "documents.test.ts",
    ]);
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringMatching(/2 passed/) });
  });

  it("shows a test file for the runner of Node.js that passes", async () => {
    expect(project.files).toContain("notes.test.ts");
    const { status, output } = await run("jiti/lib/jiti-cli.mjs", [join(project.directory, "notes.test.ts")]);
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringMatching(/pass 1\b/) });
  });
});
