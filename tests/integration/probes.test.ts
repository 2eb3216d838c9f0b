import { randomBytes } from "node:crypto";
import { pgTable, text } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as schema from "../../schema/index.js";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { onDatabase } from "../../src/core/database-url.js";
import { ENGINE_SCHEMA } from "../../src/core/engine-schema.js";
import { demandSql, listDemands } from "../../src/isolation/demands.js";
import { type Expected, readExpected } from "../../src/isolation/expected.js";
import { managedSchemas } from "../../src/isolation/managed-schemas.js";
import type { ProbeOptions } from "../../src/isolation/probes/probe-database.js";
import { probeDatabase } from "../../src/isolation/probes/probe-database.js";
import type { ProbeReport } from "../../src/isolation/probes/probe-report.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { defineTenancy } from "../../src/rls/define-tenancy.js";
import { createEmptyDatabase, createTestDatabase, serverUrl } from "../support/databases.js";

async function probe(
  url: URL,
  expected: Expected,
  options: Partial<ProbeOptions> = {},
): Promise<ProbeReport> {
  return await withDatabase(url, {}, async (database) => {
    const scope = { schemas: [...managedSchemas(expected), ENGINE_SCHEMA], roles: [] };
    const catalog = await readCatalog(database, scope);
    return await probeDatabase({ database, expected, catalog, ...options });
  });
}

describe("probes of this project's database", () => {
  const expected = readExpected(defineTenancy().settings, schema);
  const login = `probe_login_${randomBytes(4).toString("hex")}`;
  let url: URL;
  let bound: URL;
  let count: () => Promise<unknown>;

  beforeAll(async () => {
    const { adminUrl, admin } = await createTestDatabase();
    url = adminUrl;
    bound = onDatabase(adminUrl, adminUrl.pathname.slice(1), { user: login, password: login });
    await admin.unsafe(
      `create role ${login} login password '${login}'; grant app_tenant, app_admin to ${login}`,
    );
    count = () => admin`
      select (select count(*) from creators)::int as creators, (select count(*) from audit_logs)::int as logs,
             (select count(*) from pg_policy)::int as policies, (select count(*) from pg_prepared_statements)::int as plans`;
  });

  afterAll(async () => {
    await withDatabase(new URL(serverUrl), {}, (server) => server.unsafe(`drop role if exists ${login}`));
  });

  it("leave nothing behind", async () => {
    const before = await count();
    expect((await probe(url, expected, { throwAway: true })).clean).toBe(true);
    expect(await count()).toEqual(before);
  });

  it("work for a login that row security binds, as a member of the admin role", async () => {
    const report = await probe(bound, expected);
    expect(report.findings).toEqual([]);
    expect(report.matrix.documents).toMatchObject({ "probe-read": "held", "probe-floor": "not applicable" });
  });

  it("are refused to a login that cannot act as the service", async () => {
    await withDatabase(url, {}, (admin) => admin.unsafe(`revoke app_tenant from ${login}`));
    await expect(probe(bound, expected)).rejects.toMatchObject({ code: "role-insufficient" });
    await withDatabase(url, {}, (admin) =>
      admin.unsafe(`grant app_tenant to ${login}; revoke app_admin from ${login}`),
    );
    await expect(probe(bound, expected)).rejects.toMatchObject({ code: "role-insufficient" });
  });

  it("stop when they are told to", async () => {
    await expect(probe(url, expected, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
  });

  it("say so when the connection is not fresh", async () => {
    const report = await withDatabase(url, {}, async (database) => {
      const catalog = await readCatalog(database, { schemas: ["public"], roles: [] });
      await database`select set_config('app.creator_id', '', false)`;
      return await probeDatabase({ database, expected, catalog, probes: ["probe-context-unset"] });
    });
    expect(report).toMatchObject({ clean: false, freshConnection: false });
    expect(report.findings.map(({ rule }) => rule)).toContain("probe-not-possible");
  });
});

describe("probes of a table with a text for a tenant", () => {
  const org = defineTenancy({ column: "org", columnType: "text", setting: "app.org" });

  async function withTables(ddl: string, names: readonly string[], options: Partial<ProbeOptions> = {}) {
    const { admin, adminUrl } = await createEmptyDatabase();
    await admin.unsafe(ddl);
    const tables = names.map((name) =>
      pgTable(name, { org: text("org").notNull() }, (t) => [org.withTenantRls(t)]),
    );
    const expected = readExpected(
      org.settings,
      Object.fromEntries(tables.map((table, at) => [`t${at}`, table])),
    );
    for (const statement of listDemands(expected).flatMap(demandSql)) await admin.unsafe(statement);
    return await probe(adminUrl, expected, { throwAway: true, ...options });
  }

  it("fill columns of every common type", async () => {
    const types = [
      "smallint",
      "integer",
      "bigint",
      "numeric(4,1)",
      "numeric",
      "real",
      "double precision",
      "money",
      "boolean",
      "text",
      "varchar(3)",
      "char(2)",
      '"char"',
      "name",
      "bytea",
      "uuid",
      "date",
      "time",
      "timetz",
      "timestamp",
      "timestamptz(3)",
      "interval",
      "json",
      "jsonb",
      "xml",
      "inet",
      "cidr",
      "macaddr",
      "macaddr8",
      "bit",
      "bit(5)",
      "varbit(9)",
      "point",
      "line",
      "lseg",
      "box",
      "path",
      "polygon",
      "circle",
      "tsvector",
      "tsquery",
      "int4range",
      "numrange",
      "tsrange",
      "daterange",
      "int8multirange",
      "oid",
      "pg_lsn",
      "mood",
      "mood[]",
      "text[]",
      "int[][]",
      "posint",
      "pair",
      "pair[]",
      "jsonb[]",
      "uuid[]",
      "numeric(3,2)[]",
    ];
    const columns = types.map((type, at) => `c${at} ${type} not null`).join(", ");
    const report = await withTables(
      `create type mood as enum ('good day', 'bad'); create domain posint as int check (value > 100 and value < 110) not null;
       create type pair as (a text, b posint); create table kinds (org text not null, ${columns})`,
      ["kinds"],
    );
    expect(report.findings).toEqual([]);
  });

  it("fill columns that conditions are tied to", async () => {
    const conditions = [
      "a text not null check (a ~ '^[A-Z]{3}-(red|blue)[[:digit:]]{2,4}$')",
      "b text not null check (b like 'p\\_%' and length(b) = 30)",
      "c text not null check (c in ('x y', 'z') or c ~* '^https?://')",
      "d int not null check (d >= 40 and d % 7 = 0)",
      "e int not null, f int not null check (f > e and f < e + 3)",
      "g jsonb not null check (jsonb_typeof(g) = 'object' and g ? 'kind' and g ->> 'kind' = 'probe')",
      "h timestamptz not null, i timestamptz check (i is not null and i > h)",
      "j text check ((j is null) = (d < 0))",
      "k text[] not null check (cardinality(k) between 1 and 2 and k <@ array['m','n'])",
      "l text not null check (l ~ '^[^@[:space:]]+@[^@[:space:]]+[.][a-z]{2,}$')",
      "m numeric(5,2) not null check (m between 0.01 and 0.99)",
      "n char(1) not null check (n = any (array['Q','R']))",
      "o uuid, p uuid, check (num_nonnulls(o, p) = 1)",
    ];
    const report = await withTables(
      `create table strict (org varchar(12) not null, ${conditions.join(", ")}, unique (org, a))`,
      ["strict"],
    );
    expect(report.findings).toEqual([]);
  });

  it("report a table of which no row can be made", async () => {
    const ddl =
      "create table riddles (org text not null, code text not null constraint riddle check (md5(code) = '900150983cd24fb0d6963f7d28e17f72'))";
    const report = await withTables(ddl, ["riddles"]);
    expect(report).toMatchObject({
      clean: false,
      notProbed: [{ subject: "riddles", reason: expect.stringContaining("riddle: ((md5(code)") }],
    });
    expect(report.findings).toEqual([
      expect.objectContaining({
        rule: "probe-not-possible",
        level: "warning",
        fix: expect.stringContaining("public.riddles"),
      }),
    ]);
  });

  it("make rows that refer to each other in a circle, if the references can wait", async () => {
    const circle = (
      wait: string,
    ) => `create table hens (org text, id int, egg int not null, primary key (org, id));
      create table eggs (org text, id int, hen int not null, primary key (org, id), foreign key (org, hen) references hens);
      alter table hens add foreign key (org, egg) references eggs ${wait};
      alter table hens add mother int; alter table hens add foreign key (org, mother) references hens;
      create table selves (org text, id int, self int not null, primary key (org, id), foreign key (org, self) references selves)`;
    expect((await withTables(circle("deferrable"), ["hens", "eggs", "selves"])).findings).toEqual([]);
    const stuck = await withTables(circle(""), ["hens", "eggs", "selves"]);
    expect(stuck.notProbed.map(({ subject }) => subject)).toEqual(["hens", "eggs"]);
  });

  it("are not fooled by a trigger that puts the writer's own id into every row", async () => {
    const report = await withTables(
      `create table stamped (org text not null, id int generated always as identity, primary key (org, id));
       create function stamp() returns trigger language plpgsql as $$ begin
         new.org := coalesce(nullif(current_setting('app.org', true), ''), new.org); return new; end $$;
       create trigger stamp before insert or update on stamped for each row execute function stamp()`,
      ["stamped"],
    );
    expect(report.findings).toEqual([]);
  });

  it("make rows in a tenant's context where a trigger asks for one, and tell what was then too late", async () => {
    const report = await withTables(
      `create table asking (org text not null);
       create function ask() returns trigger language plpgsql as $$ begin
         if coalesce(current_setting('app.org', true), '') = '' then raise 'no tenant'; end if; return new; end $$;
       create trigger ask before insert on asking for each row execute function ask()`,
      ["asking"],
    );
    expect(report.matrix.asking).toMatchObject({
      "probe-context-unset": "not possible",
      "probe-read": "held",
    });
    expect(report.findings.map(({ rule, level }) => `${level} ${rule}`)).toEqual([
      "warning probe-not-possible",
      "warning probe-not-possible",
    ]);
  });

  it("take an answer that nobody expected for no proof", async () => {
    const report = await withTables(
      `create table broken (org text not null);
       create function fail() returns boolean language plpgsql as $$ begin raise 'out of order'; end $$`,
      ["broken"],
    );
    expect(report.clean).toBe(true);
    const { admin, adminUrl } = await createEmptyDatabase();
    await admin.unsafe("create table broken (org text not null)");
    const table = pgTable("broken", { org: text("org").notNull() }, (t) => [org.withTenantRls(t)]);
    const expected = readExpected(org.settings, { table });
    for (const statement of listDemands(expected).flatMap(demandSql)) await admin.unsafe(statement);
    await admin.unsafe("alter policy broken_floor on broken using (1 / length(org) * 0 = 1 / 0)");
    const broken = await probe(adminUrl, expected, { probes: ["probe-read"] });
    expect(broken.findings).toEqual([
      expect.objectContaining({ rule: "probe-failed", detail: expect.stringContaining("22012") }),
    ]);
  });
});
