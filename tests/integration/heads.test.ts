import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import stringWidth from "fast-string-width";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/core/logger.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { readParents } from "../../src/migrate/folder/read-parents.js";
import { compareOrdersOnShadow } from "../../src/migrate/heads/compare-orders.js";
import { findHeadConflicts } from "../../src/migrate/heads/find-head-conflicts.js";
import { serverUrl } from "../support/databases.js";
import { makeFiles } from "../support/migration-folder.js";
import { makeProject } from "./fixture-project.js";

/** Migrations written by hand, after a common first one; `parent` follows the name of another. */
function handWritten(
  branches: Readonly<Record<string, { readonly sql: string; readonly parent?: string }>>,
): Record<string, string> {
  const init =
    "create table t (id int, a int);\n--> statement-breakpoint\ncreate index concurrently on t (id);";
  const all = { "20260101000000_init": { sql: init, parent: ROOT }, ...branches };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, { sql, parent = "20260101000000_init" }]) => [
      [`${name}/migration.sql`, sql],
      [`${name}/snapshot.json`, JSON.stringify({ id: name, prevIds: [parent], footprints: [] })],
    ]),
  );
}
const ROOT = "00000000-0000-0000-0000-000000000000";

async function judge(files: Readonly<Record<string, string>>) {
  const out = await makeFiles(files);
  const { migrations } = await readParents(await readFolder(out));
  const place = { server: new URL(serverUrl), connect: {}, out, signal: undefined, logger: silentLogger };
  return await findHeadConflicts(migrations, { compareOrders: compareOrdersOnShadow(place) });
}

describe("branches that were written by hand, on the shadow", () => {
  it("go together if both orders lead to the same, the order of columns left aside", async () => {
    const judgement = await judge(
      handWritten({
        "20260102000000_a": { sql: "alter table t add column b int;" },
        "20260103000000_a2": { sql: "create index on t (b);", parent: "20260102000000_a" },
        "20260104000000_b": { sql: "alter table t add column c int;" },
        "20260105000000_c": { sql: "create view v as select id from t; create index concurrently on t (a);" },
      }),
    );
    expect(judgement).toMatchObject({ heads: { length: 3 }, conflicts: [], unjudged: [] });
  });

  it("conflict if the later one wins, and the object is named", async () => {
    const f = (result: number) =>
      `create or replace function f() returns int language sql as 'select ${result}';`;
    const { conflicts } = await judge(
      handWritten({
        "20260102000000_a": { sql: f(1) },
        "20260103000000_a2": { sql: "create table other (id int);", parent: "20260102000000_a" },
        "20260104000000_b": { sql: f(2) },
      }),
    );
    expect(conflicts).toEqual([
      { migrations: ["20260102000000_a", "20260104000000_b"], objects: [expect.stringMatching(/\bf\b/)] },
    ]);
  });

  it("conflict if one does not apply after the other, and the server's reason is told", async () => {
    const { conflicts } = await judge(
      handWritten({
        "20260102000000_a": { sql: "create index on t (a);" },
        "20260103000000_b": { sql: "alter table t drop column a;" },
      }),
    );
    expect(conflicts).toEqual([
      {
        migrations: ["20260102000000_a", "20260103000000_b"],
        objects: [expect.stringMatching(/column "a" does not exist/)],
      },
    ]);
  });
});

describe("tenantry heads", () => {
  async function makeFolder(files: Readonly<Record<string, string>>) {
    const project = await makeProject();
    await project.write("");
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(project.out, path)), { recursive: true });
      await writeFile(join(project.out, path), content);
    }
    return project;
  }

  it("draws branches, and exits with 0 where they go together", async () => {
    const project = await makeFolder(
      handWritten({
        "20260102000000_a": { sql: "create table a (id int);" },
        "20260103000000_b": { sql: "create table b (id int);" },
        "20260104000000_b2": { sql: "create table b2 (id int);", parent: "20260103000000_b" },
      }),
    );
    const { exitCode, stdout } = await project.run(["heads"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      "20260101000000_init",
      "├─ 20260102000000_a (head)",
      "└─ 20260103000000_b",
      "   20260104000000_b2 (head)",
    ]);
    expect(stdout).toMatch(/2 heads, which go together/);
  });

  it("exits with 1 where they do not, and prints one object with --json", async () => {
    const project = await makeFolder(
      handWritten({
        "20260102000000_a": { sql: "alter table t rename a to b;" },
        "20260103000000_b": { sql: "alter table t rename a to c;" },
      }),
    );
    const { exitCode, stdout } = await project.run(["heads", "--json"]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      command: "heads",
      data: {
        layout: "v1",
        heads: ["20260102000000_a", "20260103000000_b"],
        conflicts: [{ migrations: ["20260102000000_a", "20260103000000_b"] }],
      },
      findings: [{ rule: "heads-conflict", level: "error" }],
    });
  });

  it("says what it cannot tell, where there is no shadow", async () => {
    const project = await makeFolder(
      handWritten({
        "20260102000000_a": { sql: "select 1;" },
        "20260103000000_b": { sql: "select 2;" },
      }),
    );
    const { exitCode, stderr } = await project.run(["heads", "--env", "production"], {
      CI: "",
      SHADOW_DATABASE_URL: "",
    });
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/nobody can tell whether 20260102000000_a and 20260103000000_b go together/),
    ]);
  });

  it("reads the old layout, and shortens long rows unless --all is given", async () => {
    const tags = Array.from(
      { length: 12 },
      (_, index) => `${String(index).padStart(4, "0")}_${"long_".repeat(20)}`,
    );
    const entries = tags.map((tag, idx) => ({ idx, when: idx, tag, breakpoints: true }));
    const project = await makeFolder({
      "meta/_journal.json": JSON.stringify({ version: "7", dialect: "postgresql", entries }),
      ...Object.fromEntries(tags.map((tag) => [`${tag}.sql`, ""])),
    });
    const { exitCode, stdout } = await project.run(["heads"]);
    expect(exitCode).toBe(0);
    const drawn = stdout.split("\n\n")[0]?.split("\n") ?? [];
    expect(drawn).toHaveLength(5);
    expect(drawn[2]).toBe("⋮ 8 more");
    for (const line of drawn) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    const all = await project.run(["heads", "--all"]);
    expect(all.stdout.split("\n\n")[0]?.split("\n")).toHaveLength(12);
  });

  it("says what is wrong with the folder, and with 1 where it cannot be applied", async () => {
    const project = await makeFolder({ "20260101000000_a/notes.md": "" });
    const { exitCode, stdout } = await project.run(["heads"]);
    expect([exitCode, stdout]).toEqual([
      1,
      expect.stringMatching(/error\[migration-orphaned\] 20260101000000_a/),
    ]);
  });
});
