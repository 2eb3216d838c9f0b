import { uuidV7 } from "tenantry";
import { connect, withTenant } from "tenantry/client";
import { documents } from "tenantry/schema";
import { manifest } from "tenantry/schema/generated/manifest";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadProject } from "../../src/cli/project/project.js";
import { readManifestDigest } from "../../src/cli/read-manifest-digest.js";
import { readConnectionFacts } from "../../src/client/guards/connection-facts.js";
import { guardServer } from "../../src/client/guards/guard-server.js";
import { onDatabase } from "../../src/core/database-url.js";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { readFolder } from "../../src/migrate/folder/read-folder.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";
import { applyMigrations } from "../../src/migrate/run/apply-migrations.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase, createTestDatabase, migrationsFolder } from "../support/databases.js";
import { failureOf, refusal, signUp } from "./client-fixture.js";
import { startCountingProxy } from "./counting-proxy.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

const open = async (options: Partial<Parameters<typeof connect>[0]> = {}) => {
  const warnings: string[] = [];
  const db = await connect({
    url: database.serviceUrl,
    max: 2,
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  return { db, warnings: warnings.filter((warning) => !warning.includes("CVE")) };
};

describe("an owner", () => {
  const suffix = uuidV7().replaceAll("-", "");
  const names = { owner: `owner_${suffix}`, member: `member_${suffix}`, barren: `barren_${suffix}` };

  it("of a table behind the tenants' policies is refused, and so is who may become it", async () => {
    const { admin } = database;
    const id = quoteIdentifier;
    try {
      await admin.unsafe(`
        create role ${id(names.owner)} login password 'pw' in role app_tenant;
        create role ${id(names.member)} login password 'pw' in role app_tenant, ${id(names.owner)};
        create role ${id(names.barren)} login noinherit password 'pw' in role ${id(names.owner)};
        create table owned (creator_id uuid not null); alter table owned enable row level security;
        create policy p on owned to app_tenant using (creator_id = current_setting('app.creator_id')::uuid);`);
      const as = (user: string) =>
        connect({ url: onDatabase(database.adminUrl, database.name, { user, password: "pw" }) });
      // A table of its own without such a policy is its own affair.
      await admin.unsafe(`create table aside (n int); alter table aside owner to ${id(names.owner)};`);
      const allowed = await as(names.owner);
      await allowed.close();
      await admin.unsafe(`alter table owned owner to ${id(names.owner)};`);
      expect((await failureOf(as(names.owner))).error).toEqual(
        refusal("role-insufficient", /owns public\.owned: an owner may switch row security off/),
      );
      for (const name of [names.member, names.barren])
        expect((await failureOf(as(name))).error).toEqual(
          refusal("role-insufficient", /may become owner_\w+, which owns public\.owned/),
        );
    } finally {
      await admin.unsafe("drop table if exists owned, aside");
      for (const name of [names.member, names.barren, names.owner])
        await admin.unsafe(`drop role if exists ${id(name)}`);
    }
  });
});

describe("a key that does not start with the tenant", () => {
  const openKeys = async () => (await readConnectionFacts(database.service, "app_tenant")).openKeys;

  it("is known by what the policies depend on; no key of this schema is one", async () => {
    expect(await openKeys()).toEqual([]);
  });

  it("is one that a service could use in ON CONFLICT DO UPDATE, and no other", async () => {
    const { admin } = database;
    const policy = "using (tenant = current_setting('app.creator_id')::uuid)";
    await admin.unsafe(`
      create table keyed (n int not null, tenant uuid not null, kind text, code text,
        constraint keyed_pkey primary key (tenant, n), constraint keyed_code_key unique (code),
        constraint keyed_apart exclude using btree (kind with =));
      create unique index keyed_lower on keyed (lower(kind));
      create policy p on keyed to app_tenant ${policy};
      create policy other on keyed to app_admin using (code is not null);
      grant select, insert, update on keyed to app_tenant;
      create table appended (code text unique, tenant uuid);
      create policy p on appended to app_tenant ${policy};
      grant select, insert on appended to app_tenant;
      create table shared (code text unique); grant select, insert, update on shared to app_tenant;`);
    try {
      expect(await openKeys()).toEqual(["keyed_code_key of public.keyed", "keyed_lower of public.keyed"]);
    } finally {
      await admin.unsafe("drop table keyed, appended, shared");
    }
  });

  it.each([
    [150018, ["k of t"], "refused"],
    [150018, [], "warned of"],
    [150020, ["k of t"], "taken"],
    [180004, ["k of t"], "refused"],
    [180007, ["k of t"], "taken"],
    [190000, ["k of t"], "taken"],
  ] as const)("on the release %i with the keys %j is %s", async (version, keys, outcome) => {
    const facts = { ...(await readConnectionFacts(database.service, "app_tenant")), version, openKeys: keys };
    if (outcome === "refused") {
      expect(() => guardServer(facts)).toThrow(
        expect.objectContaining({ code: "server-too-old", details: ["k of t"] }),
      );
    } else {
      const warning = guardServer(facts);
      if (outcome === "taken") expect(warning).toBeUndefined();
      else expect(warning).toMatch(/CVE-2026-120154.* upgrade to 15\.20/);
    }
  });
});

describe("the manifest", () => {
  const migrate = async (url: URL, manifestDigest: string, to?: string) =>
    await applyMigrations({
      url,
      folder: await readFolder(migrationsFolder),
      ledger: DEFAULT_LEDGER,
      adminRole: "app_admin",
      manifestDigest,
      to,
    });

  it("is recorded by migrate from what was generated, and compared by connect", async () => {
    const project = await loadProject(new URL("../../drizzle.config.ts", import.meta.url).pathname);
    expect(await readManifestDigest(project)).toBe(manifest.digest);
    const { adminUrl, name } = await createEmptyDatabase();
    const url = onDatabase(database.serviceUrl, name);
    await migrate(adminUrl, manifest.digest);
    const same = await open({ url, manifest });
    expect(same.warnings).toEqual([]);
    await same.db.close();
    // Nothing is pending, but the code's promises have changed.
    await migrate(adminUrl, "f".repeat(64));
    expect((await failureOf(open({ url, manifest }))).error).toEqual(
      refusal("manifest-mismatch", /migrated to another schema \(ffffffffffff\)/),
    );
    const warned = await open({ url, manifest, onManifestMismatch: "warn" });
    expect(warned.warnings).toEqual([expect.stringMatching(/another schema/)]);
    await warned.db.close();
  });

  it("is not recorded before everything is applied; without a record connect refuses", async () => {
    const folder = await readFolder(migrationsFolder);
    const { adminUrl, name } = await createEmptyDatabase();
    const url = onDatabase(database.serviceUrl, name);
    if (folder.length > 1) await migrate(adminUrl, manifest.digest, folder[0]?.name);
    expect((await failureOf(connect({ url: database.serviceUrl, manifest }))).error).toEqual(
      refusal("manifest-mismatch", /does not say which schema/),
    );
    if (folder.length > 1)
      expect((await failureOf(connect({ url, manifest }))).error).toMatchObject({
        code: "manifest-mismatch",
      });
  });
});

describe("connect", () => {
  it("asks all of it in one round trip, on a connection that is then used", async () => {
    const proxy = await startCountingProxy(database.serviceUrl);
    const one = await connect({ url: proxy.url, max: 1, manifest, onManifestMismatch: "warn" });
    expect(await proxy.count(() => one.as(uuidV7()).execute("select 1"))).toBe(1);
    await one.close();
    await proxy.close();
  });
});

describe("a tenant inside another", () => {
  let ann: string;
  let bob: string;

  beforeEach(async () => {
    const { db } = await open();
    [ann, bob] = await Promise.all([signUp(db, "Ann"), signUp(db, "Bob")]);
    await db.close();
  });

  it("is refused also where its object was made before", async () => {
    const { db } = await open();
    const his = db.as(bob);
    const byId = db.prepare((q) => q.select().from(documents).prepare("all"));
    const prepared = byId.as(bob);
    await withTenant(ann, async () => {
      for (const attempt of [
        () => his.select().from(documents).then(),
        () => his.batch([his.select().from(documents)]),
        () => prepared.execute(),
      ]) {
        const { error, cause } = await failureOf((async () => await attempt())());
        expect(cause ?? error).toEqual(refusal("isolation", /another tenant was used inside withTenant/));
      }
      expect((await failureOf(his.transaction(async () => {}))).error).toEqual(
        refusal("isolation", /inside withTenant/),
      );
      expect(await db.current.$count(documents)).toBe(1);
    });
    expect(await his.$count(documents)).toBe(1);
    await db.close();
  });

  it("says in each case what to write instead", async () => {
    const { db } = await open();
    const hintOf = async (attempt: () => unknown) => {
      const { error, cause } = await failureOf((async () => await attempt())());
      return ((cause ?? error) as { hint?: string }).hint;
    };
    await db.as(ann).transaction(async () => {
      expect(await hintOf(() => db.as(bob))).toMatch(/End the first transaction/);
      expect(await hintOf(() => db.as(ann))).toMatch(/use tx/);
      expect(await hintOf(() => withTenant(ann, () => db.current))).toMatch(/use tx/);
    });
    expect(await withTenant(ann, () => hintOf(() => db.as(bob)))).toMatch(/Use db\.current/);
    expect(await hintOf(() => db.current)).toMatch(/Wrap the request in withTenant/);
    // Called back from outside: the context is lost, and nothing is guessed.
    const callback = withTenant(ann, () => () => db.current);
    expect(await hintOf(callback)).toMatch(/Wrap the request in withTenant/);
    await db.close();
  });
});
