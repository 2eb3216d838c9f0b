import { beforeAll, describe, expect, it } from "vitest";
import { AROUND_CASES } from "./around-cases.js";
import type { Undone } from "./undone.js";
import { expectFoundOnce, prepareUndone } from "./undone.js";

let undone: Undone;
let version: number;

beforeAll(async () => {
  const { undone: made, database } = await prepareUndone();
  undone = made;
  const [row] = await database.admin<
    { version: number }[]
  >`select current_setting('server_version_num')::int as version`;
  version = row?.version ?? 0;
});

describe("the rules over what surrounds the tables", () => {
  it.each(AROUND_CASES)("$rule finds $what, once, and nothing when it is mended", async (one) => {
    await undone(async (place) => await expectFoundOnce(one, place));
  });

  it.each(AROUND_CASES.filter(({ silent }) => silent !== undefined))(
    "$rule is silent about what only looks like $what",
    async ({ silent }) => {
      await undone(async ({ find, run }) => {
        await run(silent ?? "");
        expect(await find()).toEqual([]);
      });
    },
  );

  it("tell a membership that only inherits from one that SET ROLE can use, from PostgreSQL 16 on", async () => {
    await undone(async ({ find, run, fill }) => {
      if (version < 160_000)
        return await expect(run("grant app_admin to $login with set false")).rejects.toThrow();
      await run("grant app_admin to $login with inherit true, set false");
      expect(await find()).toEqual([]);
      await run("grant app_admin to $login with admin option");
      expect(await find()).toEqual([
        expect.objectContaining({ rule: "role-not-confined", subject: fill("$login") }),
      ]);
    });
  });

  it("find a role that may give the admin role to others, and so to itself, through what it inherits", async () => {
    await undone(async ({ find, run, fill }) => {
      const [inherited, given] =
        version < 160_000
          ? ["", "with admin option"]
          : ["with inherit true, set false", "with admin option, inherit false, set false"];
      await run(`create role $other; grant $other to $login ${inherited}`);
      expect(await find()).toEqual([]);
      await run(`grant app_admin to $other ${given}`);
      expect(await find()).toEqual([
        expect.objectContaining({ rule: "role-not-confined", subject: fill("$login") }),
      ]);
    });
  });

  it("judge the policies of a table that nobody declared, beside that", async () => {
    await undone(async ({ find, run }) => {
      await run(
        "create table drafts (creator_id uuid not null); alter table drafts enable row level security, force row level security",
      );
      expect(await find()).toEqual([
        expect.objectContaining({ rule: "table-not-declared", level: "warning" }),
      ]);
      await run("create policy drafts_all on drafts to app_tenant using (true)");
      expect(await find()).toEqual([
        expect.objectContaining({ rule: "table-not-declared", subject: "drafts" }),
        expect.objectContaining({ rule: "policy-widens", subject: "drafts", level: "error" }),
      ]);
      await run(
        "alter policy drafts_all on drafts using (creator_id = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)))",
      );
      expect(await find()).toEqual([expect.objectContaining({ rule: "table-not-declared" })]);
      await run("create policy drafts_luck on drafts as restrictive to app_tenant using (random() < 2)");
      expect((await find()).map(({ rule }) => rule)).toEqual(["table-not-declared", "policy-volatile"]);
    });
  });

  it("find what extensions keep from PUBLIC and services were given", async () => {
    await undone(async ({ find, run, fill }) => {
      await run("create extension pgstattuple; grant execute on function pgstattuple(text) to $login");
      expect(await find()).toEqual([
        expect.objectContaining({
          rule: "internals-granted",
          detail: expect.stringContaining(fill("$login")),
        }),
      ]);
    });
  });
});
