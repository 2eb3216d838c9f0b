import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eq } from "drizzle-orm";
import { pgTable, text } from "drizzle-orm/pg-core";
import { tenantKey, withTenantRls } from "tenantry";
import { connect } from "tenantry/client";
import { createEmptyDatabase, createTestDatabase } from "tenantry/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doors } from "../../schema/generated/doors.js";
import { manifest } from "../../schema/generated/manifest.js";
import { relations } from "../../schema/generated/relations.js";
import * as schema from "../../schema/index.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { holdSweep, sweepDatabases } from "../../src/testing/cleanup/sweep-databases.js";
import { nameTestDatabase, readMaker } from "../../src/testing/cleanup/test-database-name.js";
import { serverUrl } from "../support/databases.js";

const { creators, documents } = schema;
const onServer = <T>(use: Parameters<typeof withDatabase<T>>[2]) => withDatabase(new URL(serverUrl), {}, use);
const exists = async (name: string) => ({
  database: (await onServer((server) => server`select from pg_database where datname = ${name}`)).length > 0,
  login: (await onServer((server) => server`select from pg_roles where rolname = ${name}`)).length > 0,
});

describe("a database for the tests of a service", () => {
  let database: Awaited<ReturnType<typeof create>>;
  const create = () => createTestDatabase({ serverUrl, schema, relations, doors });

  beforeAll(async () => {
    database = await create();
  });
  afterAll(() => database.drop());

  it("begins with two creators, each of whom sees itself alone", async () => {
    const [ann, bob] = database.creators;
    expect(ann).not.toBe(bob);
    for (const id of [ann, bob])
      expect(await database.db.as(id).select({ id: creators.id }).from(creators)).toEqual([{ id }]);
    expect(await database.service`select id from creators`).toEqual([]);
  });

  it("has a client with the relations, bound as services are", async () => {
    const [ann, bob] = database.creators;
    await database.db
      .as(ann)
      .insert(documents)
      .values({ title: "Prices", checksum: "0".repeat(64) });
    const withDocuments = (id: string) =>
      database.db.as(id).query.creators.findFirst({ with: { documents: true } });
    expect((await withDocuments(ann))?.documents.map(({ title }) => title)).toEqual(["Prices"]);
    expect((await withDocuments(bob))?.documents).toEqual([]);
    const [login] =
      await database.service`select rolsuper, rolbypassrls from pg_roles where rolname = current_user`;
    expect(login).toEqual({ rolsuper: false, rolbypassrls: false });
  });

  it("is content with the manifest that it was made with, and with no other", async () => {
    const { digest } = manifest;
    const own = await createTestDatabase({ serverUrl, manifest });
    try {
      const options = { url: own.serviceUrl, onWarning: () => {} };
      await (await connect({ ...options, manifest })).close();
      const other = { digest: digest.split("").reverse().join("") };
      await expect(connect({ ...options, manifest: other })).rejects.toMatchObject({
        code: "manifest-mismatch",
      });
    } finally {
      await own.drop();
    }
  });

  it("has the doors, through which a creator that was made up is found", async () => {
    const [ann] = database.creators;
    const [row] = await database.db.as(ann).select({ email: creators.email }).from(creators);
    expect(await database.db.doors.findCreatorByEmail(row?.email ?? "")).toMatchObject({ id: ann });
  });

  it("shares nothing with another, but the creators' ids", async () => {
    const other = await create();
    const [ann] = other.creators;
    expect(other.creators).toEqual(database.creators);
    expect(await other.db.as(ann).select().from(documents)).toEqual([]);
    await other.drop();
    expect(await exists(other.name)).toEqual({ database: false, login: false });
  });

  it("refuses creators and expectIsolated without a schema, and a schema without a tenant root", async () => {
    const bare = await createTestDatabase({ serverUrl });
    expect(() => bare.creators).toThrow(expect.objectContaining({ code: "argument-invalid" }));
    await expect(bare.expectIsolated()).rejects.toMatchObject({ code: "argument-invalid" });
    await bare.drop();
    await expect(createTestDatabase({ serverUrl, schema: { documents } })).rejects.toMatchObject({
      code: "schema-invalid",
    });
  });
});

describe("expectIsolated", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    database = await createTestDatabase({ serverUrl, schema });
  });
  afterAll(() => database.drop());

  const notes = pgTable("notes", { ...tenantKey(), body: text("body").notNull() }, (t) => [withTenantRls(t)]);
  const EXPRESSION = "creator_id = (select nullif(current_setting('app.creator_id', true), '')::uuid)";
  const NOTES = `
    create table notes (creator_id uuid not null default nullif(current_setting('app.creator_id', true), '')::uuid,
      id uuid not null default tenantry.uuid_v7(), body text not null, primary key (creator_id, id));
    grant select, insert, update, delete on notes to app_tenant, app_admin;
    alter table notes enable row level security, force row level security;
    create policy notes_tenant on notes to app_tenant using (${EXPRESSION}) with check (${EXPRESSION});
    create policy notes_floor on notes as restrictive to app_tenant using (${EXPRESSION}) with check (${EXPRESSION});
    create policy notes_admin on notes to app_admin using (true) with check (true);`;

  it("accepts the tables that come with the schema, and leaves nothing behind", async () => {
    const count = () => database.admin`select count(*)::int as documents from documents`;
    await database.expectIsolated(documents, schema.conversations);
    expect(await count()).toEqual([{ documents: 0 }]);
  });

  it("says of a table that the service added what leaks, until it is closed", async () => {
    await database.admin.unsafe(NOTES);
    await database.expectIsolated(notes);
    await database.admin.unsafe(
      "drop policy notes_floor on notes; alter policy notes_tenant on notes using (true)",
    );
    const failure = await database.expectIsolated(notes).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: "isolation" });
    expect(String(failure)).toMatch(/^TenantryError: notes cannot be proven to be isolated:/);
    expect(String(failure)).toMatch(/error\[probe-read\] notes: .*\n {2}fix: /);
    // What another table does is not asked here.
    await database.expectIsolated(documents);
    await expect(database.expectIsolated()).rejects.toMatchObject({ code: "isolation" });
    await database.admin.unsafe(`drop table notes; ${NOTES}`);
    await database.expectIsolated(notes);
    // Without a table all of the database is judged, what the schema does not know included.
    await expect(database.expectIsolated()).rejects.toThrow(/table-not-declared/);
    await database.admin.unsafe("drop table notes");
    await database.expectIsolated();
  });

  it("refuses a table that is not there, and one that says nothing about its rows", async () => {
    const absent = pgTable("absent", { ...tenantKey() }, (t) => [withTenantRls(t)]);
    await expect(database.expectIsolated(absent)).rejects.toThrow(
      /absent: not probed: the database does not have it/,
    );
    await database.admin.unsafe("create table loose (id int primary key)");
    const loose = pgTable("loose", { body: text("body") });
    await expect(database.expectIsolated(loose)).rejects.toThrow(/loose/);
  });
});

describe("what a dead process leaves behind", () => {
  const prefix = "tenantry_sweep_test";

  it("is dropped by the next process that asks for a database, and the living one's is kept", async () => {
    const kept = await createTestDatabase({ serverUrl, prefix });
    const script = fileURLToPath(new URL("leave-database.ts", import.meta.url));
    const jiti = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
    const child = spawn(process.execPath, [jiti, script, serverUrl, prefix], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [name] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    expect(await exists(name)).toEqual({ database: true, login: true });
    child.kill("SIGKILL");
    await once(child, "exit");
    // Its connections are gone when the server has noticed.
    await expect
      .poll(() => onServer((server) => server`select from pg_stat_activity where datname = ${name}`))
      .toHaveLength(0);
    // Nobody sweeps while somebody makes a database.
    await onServer(async (server) => {
      await holdSweep(server, prefix);
      await onServer((sweeper) => sweepDatabases(sweeper, prefix));
    });
    expect(await exists(name)).toEqual({ database: true, login: true });

    const next = await createEmptyDatabase({ serverUrl, prefix });
    expect(await exists(name)).toEqual({ database: false, login: false });
    expect(await exists(kept.name)).toEqual({ database: true, login: true });
    await next.drop();
    await kept.drop();
  });

  it("is known by its name, in which no prefix is taken for another", () => {
    const name = nameTestDatabase("app");
    expect(readMaker("app", name)).toEqual({ isLocal: true, pid: process.pid });
    for (const other of ["ap", "app_", "", "tenantry_test"]) expect(readMaker(other, name)).toBeUndefined();
    expect(readMaker("app", "app_production")).toBeUndefined();
    expect(readMaker("app", "app_ffffff_1_00112233aabb")).toEqual({ isLocal: false, pid: 1 });
    const long = "x".repeat(80);
    expect(readMaker(long, nameTestDatabase(long))).toEqual({ isLocal: true, pid: process.pid });
  });
});

it("gives a database for each of many that ask at once", async () => {
  const many = await Promise.all(Array.from({ length: 6 }, () => createTestDatabase({ serverUrl, schema })));
  expect(new Set(many.map(({ name }) => name)).size).toBe(6);
  for (const {
    db,
    creators: [ann],
    drop,
  } of many) {
    expect(await db.as(ann).select().from(creators).where(eq(creators.id, ann))).toHaveLength(1);
    await drop();
  }
});
