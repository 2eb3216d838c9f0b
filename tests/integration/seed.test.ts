import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "tenantry/client";
import * as schema from "tenantry/schema";
import { describe, expect, it } from "vitest";
import { seed as seedModule } from "../../schema/seed.js";
import { silentLogger } from "../../src/core/logger.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import type { SeedRequest } from "../../src/data/seed.js";
import { seed } from "../../src/data/seed.js";
import { ensureServiceLogin } from "../../src/postgres/service-login.js";
import type { EmptyDatabase, TestDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase, createTestDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";

const TABLES = [
  "creators",
  "documents",
  "widget_configurations",
  "conversations",
  "refresh_tokens",
  "jwt_blacklist",
  "token_cutoffs",
] as const;

async function seedInto(database: TestDatabase, options: Partial<SeedRequest> = {}) {
  const client = await connect({ url: database.serviceUrl, max: 1 });
  try {
    return await seed({
      client,
      settings: parseTenancySettings({}),
      exports: schema,
      module: seedModule,
      creators: 3,
      seed: 1,
      count: 5,
      dryRun: false,
      logger: silentLogger,
      ...options,
    });
  } finally {
    await client.close();
  }
}

/** Every row of every table, as the superuser sees them. */
async function dump(database: TestDatabase): Promise<Record<string, readonly unknown[]>> {
  const tables: Record<string, readonly unknown[]> = {};
  for (const table of TABLES)
    tables[table] = await database.admin.unsafe(`select * from ${table} t order by t::text`);
  // The trigger writes these, with ids and times of its own.
  tables.audit_logs = await database.admin`
    select creator_id, action, table_name, row_id, before, after from audit_logs order by 1, 2, 3, 4`;
  return tables;
}

describe("seed", () => {
  it("makes the same rows of the same seed, ids and timestamps included, and others of another", async () => {
    const [one, two, three] = await Promise.all([
      createTestDatabase(),
      createTestDatabase(),
      createTestDatabase(),
    ]);
    const [first, second] = [await seedInto(one), await seedInto(two)];
    await seedInto(three, { seed: 2 });
    expect(first).toEqual(second);
    expect(first.map(({ status }) => status)).toEqual(["seeded", "seeded", "seeded"]);
    const [rows, same, other] = await Promise.all([dump(one), dump(two), dump(three)]);
    expect(same).toEqual(rows);
    for (const table of TABLES) {
      expect(rows[table]).not.toHaveLength(0);
      expect(other[table]).not.toEqual(rows[table]);
    }
    expect(rows.audit_logs?.length).toBeGreaterThan(50);
  });

  it("gives each creator rows that fit together, and what it has is isolated", async () => {
    const database = await createTestDatabase();
    const creators = await seedInto(database);
    const client = await connect({ url: database.serviceUrl });
    for (const { id, rows } of creators) {
      for (const [table, count] of Object.entries(rows))
        expect(await client.as(id).execute(`select count(*)::int from ${table}`)).toEqual([{ count }]);
    }
    await client.close();
    const [odd] = await database.admin`
      select (select count(*)::int from conversations c join documents d on d.id = c.document_id) as about_documents,
             (select count(*)::int from conversations where (status = 'open') <> (ended_at is null)) as ends,
             (select count(*)::int from documents where status = 'ready' and content = '') as empty,
             (select count(distinct widget_id)::int from conversations) as widgets,
             (select count(distinct display_name)::int from creators) as names,
             (select bool_and(id::text ~ '^........-....-7') from documents) as v7`;
    expect(odd).toMatchObject({ ends: 0, empty: 0, names: 3, v7: true });
    expect(odd?.about_documents).toBeGreaterThan(5);
    expect(odd?.widgets).toBeGreaterThan(5);
  });

  it("leaves creators as they are that have rows already, and adds those that are missing", async () => {
    const database = await createTestDatabase();
    await seedInto(database, { creators: 1 });
    const before = await dump(database);
    expect(await seedInto(database, { creators: 1, count: 50 })).toMatchObject([
      { status: "exists", rows: {} },
    ]);
    expect(await dump(database)).toEqual(before);
    const statuses = (await seedInto(database, { creators: 2 })).map(({ status }) => status);
    expect(statuses).toEqual(["exists", "seeded"]);
  });

  it("writes nothing in a dry run, and says what it would write", async () => {
    const database = await createTestDatabase();
    const planned = await seedInto(database, { dryRun: true });
    expect(planned[0]).toMatchObject({ status: "planned", rows: { creators: 1, documents: 10 } });
    expect(Object.values(await dump(database)).flat()).toEqual([]);
    const seeded = await seedInto(database);
    expect(seeded.map(({ id, rows }) => ({ id, rows }))).toEqual(
      planned.map(({ id, rows }) => ({ id, rows })),
    );
  });

  it("writes a creator whole or not at all, and names the constraint that refuses", async () => {
    const database = await createTestDatabase();
    const broken: SeedRequest["module"] = (f, creator) => ({
      ...seedModule(f, creator),
      widgetConfigurations: { columns: { name: f.default({ defaultValue: "" }) } },
    });
    await expect(seedInto(database, { module: broken })).rejects.toMatchObject({
      code: "schema-invalid",
      message: expect.stringContaining("widget_configurations"),
      details: ["constraint: widget_configurations_name_check"],
    });
    expect(Object.values(await dump(database)).flat()).toEqual([]);
  });

  it("names what a seed module got wrong, and asks for one where drizzle-seed's guesses do not do", async () => {
    const database = await createTestDatabase();
    const refuses = async (module: SeedRequest["module"], message: RegExp, hint: RegExp) =>
      await expect(seedInto(database, { module })).rejects.toMatchObject({
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
    await refuses(() => ({ invoices: {} }), /a table invoices, which is not among/, /documents/);
    await refuses(() => ({ auditLogs: {} }), /a table auditLogs/, /documents/);
    await refuses(
      (f) => ({ documents: { columns: { tittle: f.string() } } }),
      /a column documents\.tittle/,
      /schema files/,
    );
    await refuses(undefined, /refuses the seeded rows of creators/, /defineTenancy\(\{ seed:/);
  });
});

const SHOP = `
export const countries = pgTable("countries", { code: text().primaryKey() }, (t) => [globalTable(t, { reason: "the same for all" })]);
export const orgs = pgTable("orgs", { ...tenantRootKey(), name: text().notNull() }, (t) => [tenantRoot(t)]);
export const people = pgTable("people", {
  ...tenantKey(), email: text().notNull(), born: timestamp(), score: integer().notNull(), nick: varchar({ length: 12 }),
  country: text().notNull().references(() => countries.code), boss: uuid(), active: boolean().notNull(), tags: text().array(),
}, (t) => [withTenantRls(t), tenantForeignKey(t, { columns: [], foreignColumns: [orgs.id] }),
  tenantForeignKey(t, { columns: [t.boss], foreignColumns: [t.id] })]);
export const sales = pgTable("sales", { ...tenantColumn(), nr: serial().notNull(), seller: uuid().notNull() },
  (t) => [withTenantRls(t), primaryKey({ columns: [t.orgId, t.nr] }), tenantForeignKey(t, { columns: [t.seller], foreignColumns: [people.id] })]);
`;

/** A project with another schema, migrated, with a service login where `init` would keep it. */
async function makeShop(columnType: "integer" | "bigint" | "text") {
  const project = await makeProject({ tenancy: { column: "org_id", columnType } });
  await project.write(SHOP);
  const database = await createEmptyDatabase();
  await project.advance(database, "init");
  await database.admin`insert into countries values ('PT'), ('IS')`;
  const login = await keepServiceLogin(project.directory, database);
  const run = (...argv: string[]) => project.run(["seed", ...argv], { DATABASE_URL: database.adminUrl.href });
  return { project, database, login, run };
}

async function keepServiceLogin(directory: string, database: EmptyDatabase) {
  await mkdir(join(directory, ".tenantry"), { recursive: true });
  const file = join(directory, ".tenantry", "service.env");
  return await ensureServiceLogin(database.admin, database.adminUrl, "app_tenant", file);
}

describe("tenantry seed", () => {
  it.each(["integer", "bigint"] as const)(
    "fills another project's schema without a seed module, tenant column of type %s",
    async (columnType) => {
      const { database, run } = await makeShop(columnType);
      expect(await run("--dry-run")).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining("Would seed 3 creators with 63 rows (seed 1)."),
      });
      const seeded = await run("--json");
      expect(seeded.exitCode).toBe(0);
      expect(JSON.parse(seeded.stdout)).toMatchObject({ ok: true, command: "seed", data: { seed: 1 } });
      const [counts] = await database.admin`
        select (select count(*)::int from orgs) as orgs, count(*)::int as sales, count(distinct s.org_id)::int as sellers_orgs
        from sales s join people p on p.org_id = s.org_id and p.id = s.seller`;
      expect(counts).toEqual({ orgs: 3, sales: 30, sellers_orgs: 3 });
      expect((await run()).stdout).toMatch(/^Nothing to do: the 3 creators of seed 1 are there already\./);
      expect(await run("--creators", "4", "--seed", "7", "--count", "2")).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining("Seeded 4 creators with 20 rows (seed 7)."),
      });
    },
  );

  it("refuses other environments, by name", async () => {
    const project = await makeProject();
    await project.write("export {};");
    for (const environment of ["production", "staging"]) {
      const { exitCode, stderr } = await project.run(["seed"], { TENANTRY_ENV: environment });
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`the environment is ${environment}`);
    }
  });

  it("says to run init where there is no login, no migration, or another database, and refuses odd numbers", async () => {
    const { project, database, run } = await makeShop("text");
    const empty = await createEmptyDatabase();
    const elsewhere = await project.run(["seed"], { DATABASE_URL: empty.adminUrl.href });
    expect(elsewhere).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Run "tenantry init"') });
    await keepServiceLogin(project.directory, empty);
    const unmigrated = await project.run(["seed"], { DATABASE_URL: empty.adminUrl.href });
    expect(unmigrated).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/not at the state of the schema(.|\n)*"tenantry init"/),
    });
    expect(unmigrated.stderr).not.toMatch(/^ +at /m);
    for (const [flag, value] of [
      ["--creators", "0"],
      ["--seed", "-1"],
      ["--count", "many"],
    ] as const)
      expect(await run(flag, value)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(flag.slice(2)),
      });
    await writeFile(join(project.directory, ".tenantry", "service.env"), "");
    expect(await run()).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("There is no login for services"),
    });
    const superuser = await project.run(["seed"], { SERVICE_DATABASE_URL: database.adminUrl.href });
    expect(superuser).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("is a superuser") });
  });

  it("loads the project's seed module, and says so where that fails", async () => {
    const project = await makeProject({
      tenancy: { column: "org_id", columnType: "text", seed: "./my-seed.ts" },
    });
    await project.write(SHOP);
    const database = await createEmptyDatabase();
    await project.advance(database, "init");
    await database.admin`insert into countries values ('PT')`;
    await keepServiceLogin(project.directory, database);
    const run = () => project.run(["seed", "--creators", "1"], { DATABASE_URL: database.adminUrl.href });
    const missing = await run();
    expect(missing).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("./my-seed.ts could not be loaded"),
    });
    await writeFile(
      join(project.directory, "my-seed.ts"),
      `export const seed = (f, { id }) => ({ orgs: { columns: { name: f.companyName() }, finish: (row) => ({ ...row, name: id + "!" }) }, sales: { count: 0 } });`,
    );
    expect(await run()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("with 11 rows") });
    expect(await database.admin`select id, name from orgs`).toEqual([{ id: "seed-1-1", name: "seed-1-1!" }]);
  });
});
