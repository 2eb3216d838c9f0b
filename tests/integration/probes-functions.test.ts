import { describe, expect, it } from "vitest";
import { probeTables } from "./probe-tables.js";

const NOTES = `create table notes (org text not null, id int generated always as identity, state text not null default 'open',
  body text, extra jsonb, raw bytea, tags text[], price numeric, gone timestamptz, primary key (org, id))`;
const OWN = "org = nullif(current_setting('app.org', true), '')";

async function probeFunction(ddl: string, throwAway = true) {
  const report = await probeTables({
    ddl: NOTES,
    tables: ["notes"],
    after: `grant usage on schema public to public; ${ddl}`,
    options: { probes: ["probe-function"], throwAway },
  });
  return report;
}

const define = (head: string, body: string, volatility = "stable") =>
  `create function f${head} language sql ${volatility} security definer as $$ ${body} $$`;

describe("a SECURITY DEFINER function", () => {
  it.each([
    ["a column that may be null", define("() returns setof text", "select body from notes")],
    ["a column with a default", define("() returns setof text", "select state from notes")],
    ["rows that are not deleted", define("() returns setof notes", "select * from notes where gone is null")],
    ["a number", define("() returns numeric", "select max(price) from notes")],
    ["a count", define("() returns bigint", "select count(*) from notes")],
    ["whether there is one", define("() returns boolean", "select exists (select from notes)")],
    [
      "hexadecimal",
      define("() returns text", "select string_agg(encode(convert_to(body, 'UTF8'), 'hex'), '') from notes"),
    ],
    [
      "base64, inside of JSON",
      define("() returns json", "select json_agg(json_build_object('b', encode(raw, 'base64'))) from notes"),
    ],
    ["an array", define("() returns text[]", "select array_agg(reverse(upper(body))) from notes")],
    ["only an id", define("() returns setof int", "select id from notes")],
    [
      "a row by the tenant's id",
      define("(who text) returns setof text", "select body from notes where org = who"),
    ],
    [
      "a row by two arguments",
      define(
        "(p_id int, p_org text) returns setof text",
        "select body from notes where org = p_org and id = p_id",
      ),
    ],
    [
      "a search",
      define(
        "(pattern text, most int default 5) returns setof text",
        "select body from notes where body like pattern limit most",
      ),
    ],
    [
      "several ids",
      define("(variadic ids int[]) returns setof text", "select body from notes where id = any (ids)"),
    ],
    [
      "a failure",
      `create function f(p_id int) returns text language plpgsql stable security definer as $$ begin
       if exists (select from notes where id = p_id) then raise 'taken'; end if; return 'free'; end $$`,
    ],
    [
      "something else each time",
      define("() returns setof text", "select body || random()::text from notes", "volatile"),
    ],
  ])("that gives away %s is seen", async (_name, ddl) => {
    const report = await probeFunction(ddl);
    expect(report.matrix["public.f"]).toEqual({ "probe-function": "leaked" });
  });

  it.each([
    [
      "deletes what it is told",
      define("(who text) returns void", "delete from notes where org = who", "volatile"),
    ],
    [
      "writes without being asked for a tenant",
      define("() returns int", "with w as (update notes set body = 'x' returning 1) select 1", "volatile"),
    ],
  ])("that %s is seen on the shadow", async (_name, ddl) => {
    expect((await probeFunction(ddl)).matrix["public.f"]).toEqual({ "probe-function": "leaked" });
    const live = await probeFunction(ddl, false);
    expect(live.matrix["public.f"]).toEqual({ "probe-function": "not possible" });
  });

  it("that asks for its caller's tenant holds, because it answers that one", async () => {
    const report = await probeFunction(
      `${define("() returns setof text", `select body from notes where ${OWN}`)};
       create function refuse(p_id int) returns text language plpgsql stable security definer as $$ begin
         if not exists (select from notes where id = p_id and ${OWN}) then raise 'none of yours'; end if; return 'yours'; end $$`,
    );
    expect(report.matrix).toEqual({
      "public.f": { "probe-function": "held" },
      "public.refuse": { "probe-function": "held" },
    });
  });

  it("that shows nothing to anybody has not been proven", async () => {
    const report = await probeFunction(
      define("() returns setof text", "select body from notes where state = 'shut'"),
    );
    expect(report.matrix["public.f"]).toEqual({ "probe-function": "not possible" });
    expect(report.findings).toEqual([
      expect.objectContaining({ rule: "probe-not-possible", level: "warning", subject: "public.f" }),
    ]);
  });

  it("that has nothing to do with tenants is left alone", async () => {
    const report = await probeFunction(
      `${define("() returns text", "select version()")}; ${define("(a int, b int) returns int", "select a + b")}`,
    );
    expect(report.findings).toEqual([]);
    expect(report.matrix["public.f"]).toEqual({ "probe-function": "not applicable" });
  });
});
