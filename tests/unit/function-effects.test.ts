import { loadModule } from "libpg-query";
import { beforeAll, describe, expect, it } from "vitest";
import { findEffect } from "../../src/isolation/function-effects.js";

beforeAll(loadModule);

const made = (language: string, body: string, more = "") => ({
  schema: "public",
  name: "made",
  arguments: "given text",
  owner: "migrator",
  volatility: "immutable" as const,
  securityDefiner: false,
  language,
  definition: `create function public.made(given text) returns text language ${language} immutable ${more} as $body$${body}$body$`,
  body,
});

describe("what a function does", () => {
  it.each([
    ["sql", "select lower(given)", "none"],
    ["sql", "select extract(year from now())::text; select trim(both 'x' from given)", "none"],
    ["sql", "with x as (select given as g) select g from x", "none"],
    ["sql", "select name from creators", "reads"],
    ["sql", "select given from (select 1) as x where exists (select from creators)", "reads"],
    ["sql", "insert into seen values (given); select given", "acts"],
    ["sql", "select nextval('seen')::text", "acts"],
    ["sql", "select set_config('app.creator_id', given, true)", "acts"],
    [
      "plpgsql",
      "declare x text := lower(given); begin if x = '' then return null; end if; x := x || 'y'; return x; end",
      "none",
    ],
    ["plpgsql", "declare x int; begin select count(*) into x from creators; return x; end", "reads"],
    [
      "plpgsql",
      "begin for x in 1..3 loop perform pg_notify('x', given); end loop; return given; end",
      "acts",
    ],
    ["plpgsql", "begin execute given; return given; end", "acts"],
    ["plpgsql", "begin return (select name from creators limit 1); end", "reads"],
    ["plpgsql", "begin delete from creators; return given; end", "acts"],
    ["plpython3u", "return given", "unknown"],
  ])("is seen in %s: %s", (language, body, effect) => {
    expect(findEffect(made(language, body))).toBe(effect);
  });

  it("is not what it is set to while it runs", () => {
    expect(findEffect(made("sql", "select lower(given)", "set search_path = pg_catalog, pg_temp"))).toBe(
      "none",
    );
  });

  it("is seen in a body of the standard's own form", () => {
    const body = "begin atomic\n select name from public.creators;\nend";
    const definition = `create function public.made() returns text language sql ${body}`;
    expect(findEffect({ ...made("sql", body), definition })).toBe("reads");
  });

  it("is not known where it cannot be parsed", () => {
    expect(findEffect(made("plpgsql", "begin ("))).toBe("unknown");
  });
});
