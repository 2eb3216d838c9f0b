import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { readBlocks, readPage } from "../docs/support/markdown.js";
import { createSnippetProject } from "../docs/support/snippet-project.js";
import type { Made } from "./probe-tables.js";
import { probeTables } from "./probe-tables.js";

const RIDDLES =
  "create table riddles (org text not null, code text not null constraint riddle check (md5(code) = '900150983cd24fb0d6963f7d28e17f72'))";

const riddles = (rows: NonNullable<Made["rows"]>) => probeTables({ ddl: RIDDLES, tables: ["riddles"], rows });

describe("rows that a project gives to the probes", () => {
  it("make a table probed that was not", async () => {
    expect((await riddles({})).notProbed[0]?.fix).toContain('"public.riddles": (tenant) =>');
    expect((await riddles({ riddles: () => ({ code: "abc" }) })).clean).toBe(true);
    expect((await riddles({ "public.riddles": () => ({ code: sql`'a' || ${"bc"}` }) })).clean).toBe(true);
  });

  it("take values as Drizzle does", async () => {
    const report = await probeTables({
      ddl: `create table kinds (org text not null, n bigint not null check (n = 7), b boolean not null check (b), t timestamptz not null check (t = '2026-01-02 03:04:05Z'),
        raw bytea not null check (raw = '\\x00ff'), doc jsonb not null check (doc = '{"a": ["it''s"]}'), word jsonb not null check (word = '"x"'),
        list text[] not null check (list = array['a"b', null, 'c\\d']), grid int[] not null check (grid = array[[1,2],[3,4]]), empty text check (empty is null))`,
      tables: ["kinds"],
      rows: {
        kinds: () => ({
          n: 7n,
          b: true,
          t: new Date("2026-01-02T03:04:05Z"),
          raw: new Uint8Array([0, 255]),
          doc: { a: ["it's"] },
          word: "x",
          list: ['a"b', null, "c\\d"],
          grid: [
            [1, 2],
            [3, 4],
          ],
          empty: null,
        }),
      },
    });
    expect(report.findings).toEqual([]);
  });

  it("wait for the rows of other tables, and can use them", async () => {
    const made = {
      ddl: `create table "Plans" (org text not null, id int not null, code text not null, primary key (org, id));
        create table app_users (org text not null, id int not null, plan text not null, primary key (org, id));
        create function ask() returns trigger language plpgsql as $$ begin
          if not exists (select from "Plans" p where p.org = new.org and p.code = new.plan) then raise 'no such plan'; end if; return new; end $$;
        create trigger ask before insert on app_users for each row execute function ask()`,
      tables: ["app_users", "Plans"],
    };
    expect((await probeTables(made)).notProbed.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("no such plan"),
    ]);
    const report = await probeTables({
      ...made,
      rows: {
        app_users: {
          after: ["public.Plans"],
          row: ({ n, row }) => ({ id: n, plan: row("Plans")?.code ?? "none" }),
        },
      },
    });
    expect(report.notProbed).toEqual([]);
    // The trigger asks before the policies do: what it stops is not called held.
    expect(new Set(report.findings.map(({ rule }) => rule))).toEqual(new Set(["probe-not-possible"]));
    expect(report.matrix.app_users).toMatchObject({ "probe-read": "held", "probe-outage": "held" });
  });

  it("that fail name the constraint, and not what was given", async () => {
    const [checked] = (await riddles({ riddles: () => ({ code: "hunter2" }) })).notProbed;
    expect(checked?.reason).toMatch(/riddle.*md5\(code\)/);
    const taken = await probeTables({
      ddl: "create table pins (org text not null, pin int not null, at date)",
      tables: ["pins"],
      rows: { pins: () => ({ pin: "s3cret-pin" }) },
    });
    expect(taken.notProbed[0]?.reason).toMatch(/22P02.*integer/);
    const all = JSON.stringify([checked, taken.findings, taken.notProbed]);
    expect(all).not.toMatch(/hunter2|s3cret/);
  });

  it("that cannot be made are told", async () => {
    const thrown = await riddles({
      riddles: () => {
        throw new Error("out of ideas");
      },
    });
    expect(thrown.notProbed[0]?.reason).toMatch(/threw: out of ideas/);
    const nothing = await riddles({ riddles: (() => undefined) as never });
    expect(nothing.notProbed[0]?.reason).toMatch(/returned no object/);
  });

  it.each([
    [{ ridles: () => ({}) }, /a row for ridles, and the database has no such table/],
    [{ riddles: () => ({ kode: "x" }) }, /riddles\.kode, and the table has no such column/],
    [{ riddles: () => ({ code: () => "x" }) }, /riddles\.code: a value of type function/],
    [{ riddles: () => ({ code: "a\0b" }) }, /riddles\.code: a value of type string/],
    [{ riddles: { after: ["ghosts"], row: () => ({}) } }, /ghosts, and the database has no such table/],
  ] as const)("that name what is not there are refused: %#", async (rows, message) => {
    await expect(riddles(rows as NonNullable<Made["rows"]>)).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    [{ rows: { documents: { title: "x" } } }, "probes.rows.documents"],
    [{ rows: { documents: "x" } }, "probes.rows.documents"],
    [{ row: {} }, "probes"],
  ])("are functions: %j is refused", (probes, field) => {
    expect(() => parseTenancySettings({ probes })).toThrow(
      expect.objectContaining({ code: "config-invalid", details: [expect.stringContaining(field)] }),
    );
  });

  it("are written as docs/rls.md shows it", async () => {
    const blocks = readBlocks(readPage("docs/rls.md")).filter(
      ({ section, language }) => section === "Rows for the probes" && language === "ts",
    );
    const project = createSnippetProject(blocks);
    try {
      expect(project.typeCheck()).toBe("");
      const { tenancy } = await project.load("drizzle.config.ts");
      const { settings } = tenancy as { settings: Parameters<typeof parseTenancySettings>[0] };
      const rows = parseTenancySettings(settings).probes?.rows as NonNullable<Made["rows"]>;
      const report = await probeTables({
        ddl: `create table subscriptions (org text not null, id int not null, plan text not null, primary key (org, id));
          create table licences (org text not null, id int not null, serial text not null check (right(md5(left(serial, 8)), 1) = right(serial, 1)), plan text not null, primary key (org, id))`,
        tables: ["subscriptions", "licences"],
        rows,
      });
      expect(Object.keys(rows)).toEqual(["public.licences"]);
      expect(report.findings).toEqual([]);
    } finally {
      project.remove();
    }
  });
});
