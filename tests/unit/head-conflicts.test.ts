import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check } from "drizzle-kit/cli";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generate } from "../../src/migrate/drizzle-kit.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { readParents } from "../../src/migrate/folder/read-parents.js";
import type { CompareOrders } from "../../src/migrate/heads/find-head-conflicts.js";
import { findHeadConflicts } from "../../src/migrate/heads/find-head-conflicts.js";
import type { Footprint } from "../../src/migrate/heads/footprint.js";
import { findClashes } from "../../src/migrate/heads/footprint.js";
import { requireHeadsAgree } from "../../src/migrate/heads/require-heads-agree.js";
import { makeFiles } from "../support/migration-folder.js";

const footprint = (parts: Partial<Footprint>): Footprint => ({
  statementType: "alter_column",
  statementTarget: ["column", "public", "users", "email"],
  writes: [],
  reads: [],
  sharedWrites: [],
  ...parts,
});

describe("two statements", () => {
  const clash = (one: Partial<Footprint>, other: Partial<Footprint>) =>
    [
      findClashes([["a", footprint(one)]], [["b", footprint(other)]]),
      findClashes([["a", footprint(other)]], [["b", footprint(one)]]),
    ].map((clashes) => clashes.length > 0);

  it("clash where one writes what the other writes, reads or shares, whichever comes first", () => {
    for (const kind of ["writes", "reads", "sharedWrites"]) {
      expect(clash({ writes: ["x"] }, { [kind]: ["x"] })).toEqual([true, true]);
    }
    expect(clash({ sharedWrites: ["x"] }, { reads: ["x"] })).toEqual([true, true]);
  });

  it("do not clash where they only read, only share, or make the same change that may be made twice", () => {
    expect(clash({ reads: ["x"] }, { reads: ["x"] })).toEqual([false, false]);
    expect(clash({ sharedWrites: ["x"] }, { sharedWrites: ["x"] })).toEqual([false, false]);
    expect(clash({ writes: ["x"] }, { writes: ["y"], reads: ["z"] })).toEqual([false, false]);
    expect(clash({ writes: ["x"], sqlHash: "1" }, { writes: ["x"], sqlHash: "1" })).toEqual([false, false]);
    expect(clash({ writes: ["x"], sqlHash: "1" }, { writes: ["x"], sqlHash: "2" })).toEqual([true, true]);
  });

  it("are told once for each pair of migrations, with what both touch", () => {
    const target = ["index", "billing", "users", "i"];
    expect(
      findClashes(
        [
          ["a", footprint({ writes: ["x"] })],
          ["a", footprint({ writes: ["y"] })],
        ],
        [["b", footprint({ writes: ["x", "y"], statementTarget: target })]],
      ),
    ).toEqual([{ one: "a", other: "b", objects: ["column users.email", "index billing.users.i"] }]);
  });
});

describe("branches that drizzle-kit wrote", () => {
  let folder: string;

  /** Each is the base with one change. */
  const variants: Readonly<Record<string, string>> = {
    add_c: 'export const t = pgTable("t", { a: integer(), b: integer(), c: integer() });',
    add_c_as_text: 'export const t = pgTable("t", { a: integer(), b: integer(), c: text() });',
    add_d: 'export const t = pgTable("t", { a: integer(), b: integer(), d: integer() });',
    drop_b: 'export const t = pgTable("t", { a: integer() });',
    retype_b: 'export const t = pgTable("t", { a: integer(), b: text() });',
    require_b: 'export const t = pgTable("t", { a: integer(), b: integer().notNull() });',
    require_b_too: 'export const t = pgTable("t", { a: integer(), b: integer().notNull() });',
    index_b: 'export const t = pgTable("t", { a: integer(), b: integer() }, (t) => [index("i").on(t.b)]);',
    add_u:
      'export const t = pgTable("t", { a: integer(), b: integer() }); export const u = pgTable("u", { a: integer() });',
    drop_t: "",
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tenantry-heads-"));
    await mkdir(join(folder, "node_modules"));
    const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
    await symlink(join(modules, "drizzle-orm"), join(folder, "node_modules/drizzle-orm"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await write("base", 'export const t = pgTable("t", { a: integer(), b: integer() });');
    for (const [name, tables] of Object.entries(variants)) {
      await cp(join(folder, "base"), join(folder, name), { recursive: true });
      await write(name, tables);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function write(name: string, tables: string): Promise<void> {
    const file = join(folder, `${name}.ts`);
    await writeFile(
      file,
      `import { index, integer, pgTable, text } from "drizzle-orm/pg-core";\nexport const w = pgTable("w", { a: integer() });\n${tables}\n`,
    );
    const project = { schemaFiles: [file], breakpoints: true };
    const out = join(folder, name);
    const answer = await generate(project, { exports: {}, out, name, hints: [] });
    if (answer.status !== "written") throw new Error(`${name}: ${JSON.stringify(answer)}`);
  }

  it("go together for us exactly where they do for drizzle-kit", async () => {
    const verdicts: Record<string, boolean> = {};
    const names = Object.keys(variants);
    for (const [index, one] of names.entries()) {
      for (const other of names.slice(index + 1)) {
        const both = join(folder, `${one}+${other}`);
        await cp(join(folder, one), both, { recursive: true });
        await cp(join(folder, other), both, { recursive: true });
        const { migrations, problems } = await readParents(await readFolder(both));
        expect(problems).toEqual([]);
        const { heads, conflicts, unjudged } = await findHeadConflicts(migrations);
        expect([heads.length, unjudged]).toEqual([2, []]);
        const silence = vi.spyOn(console, "log").mockImplementation(() => {});
        const answer = await check({
          dialect: "postgresql",
          out: both,
          schema: join(folder, `${one}.ts`),
        });
        silence.mockRestore();
        expect(conflicts.length > 0, `${one} and ${other}`).toBe(answer?.status === "error");
        verdicts[`${one} ${other}`] = conflicts.length > 0;
      }
    }
    // Neither side says the same of everything.
    expect(verdicts).toMatchObject({
      "add_c add_c_as_text": true,
      "add_c add_d": false,
      "add_c drop_t": true,
      "drop_b index_b": true,
      "retype_b require_b": false,
      "require_b require_b_too": false,
      "index_b add_u": false,
    });
  });
});

describe("branches with SQL that was written by hand", () => {
  const snapshot = (id: string, prevId: string | undefined, footprints: unknown[] = []) =>
    JSON.stringify({ id, prevIds: [prevId ?? "00000000-0000-0000-0000-000000000000"], footprints });
  const files = {
    "20260101000000_init/migration.sql": "create table t (id int);",
    "20260101000000_init/snapshot.json": snapshot("i", undefined),
    "20260102000000_a/migration.sql": "create function f() returns int return 1;",
    "20260102000000_a/snapshot.json": snapshot("a", "i"),
    "20260103000000_b/migration.sql": "-- Custom SQL migration file, put your code below! --",
    "20260103000000_b/snapshot.json": snapshot("b", "i"),
    "20260104000000_c/migration.sql": "alter table t add column c int;",
    "20260104000000_c/snapshot.json": snapshot("c", "i", [footprint({ writes: ["c"] })]),
  };
  const read = async () => (await readParents(await readFolder(await makeFiles(files)))).migrations;

  it("are told to be unknown without a shadow, pair by pair", async () => {
    const judgement = await findHeadConflicts(await read());
    expect(judgement).toMatchObject({
      heads: ["20260102000000_a", "20260103000000_b", "20260104000000_c"],
      conflicts: [],
      unjudged: [
        ["20260102000000_a", "20260103000000_b"],
        ["20260102000000_a", "20260104000000_c"],
      ],
    });
  });

  it("are compared in both orders where there is a shadow, and only those that are asked for", async () => {
    const compareOrders = vi.fn<CompareOrders>(async () => undefined);
    const concerns = new Set(["20260104000000_c"]);
    expect(await findHeadConflicts(await read(), { compareOrders, concerns })).toMatchObject({
      conflicts: [],
      unjudged: [],
    });
    expect(compareOrders).toHaveBeenCalledTimes(1);
    const { base, branches } = compareOrders.mock.calls[0]?.[0] ?? { base: [], branches: [] };
    expect(base.map(({ name }) => name)).toEqual(["20260101000000_init"]);
    expect(branches.map((branch) => branch.map(({ name }) => name))).toEqual([
      ["20260102000000_a"],
      ["20260104000000_c"],
    ]);
  });

  it("are refused where they conflict, by the names of two migrations and what both touch", () => {
    const conflicts = [{ migrations: ["a", "b"], objects: ["1", "2", "3", "4", "5", "6"] }] as const;
    expect(() => requireHeadsAgree({ conflicts: [] })).not.toThrow();
    expect(() => requireHeadsAgree({ conflicts })).toThrow(
      expect.objectContaining({ code: "migrations-folder", details: ["a and b: 1, 2, 3, 4, 5 and 1 more"] }),
    );
  });
});
