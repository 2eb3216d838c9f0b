import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import type { Database } from "../../src/postgres/connect.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";
import { makeService } from "./service-login.js";

/**
 * A migrator of a managed server: neither superuser nor BYPASSRLS, but allowed to make roles and objects. It owns the
 * tables, and FORCE binds it.
 */
type Site = {
  readonly roles: { readonly tenant: string; readonly door: string; readonly admin: string };
  readonly project: FixtureProject;
};

const A = "00000000-0000-7000-8000-00000000000a";
const B = "00000000-0000-7000-8000-00000000000b";
const noteTable = (more = "") =>
  `export const notes = pgTable("notes", { ...tenantKey(), title: text(), parentId: uuid("parent_id") }, (t) => [withTenantRls(t)${more}]);`;

async function makeSite(): Promise<Site> {
  const mark = randomBytes(4).toString("hex");
  const roles = { tenant: `tenant_${mark}`, door: `door_${mark}`, admin: `admin_${mark}` };
  const project = await makeProject({ tenancy: { roles } });
  await project.write(noteTable());
  await createInit(project, roles);
  return { roles, project };
}

/** The shadow is on the same server: the roles that it has made go, as if it had been on another. */
async function createInit(project: FixtureProject, roles: Site["roles"]): Promise<void> {
  await project.create("init");
  await withDatabase(new URL(serverUrl), {}, async (server) => {
    for (const role of Object.values(roles)) await server.unsafe(`drop role ${role}`);
  });
}

type Place = { readonly name: string; readonly adminUrl: URL; readonly admin: Database };

/** A login that owns the database, or may only create schemas in it. */
async function makeMigrator(place: Place): Promise<{ name: string; url: URL }> {
  const name = `migrator_${randomBytes(4).toString("hex")}`;
  await place.admin.unsafe(`create role ${name} login createrole password 'x'`);
  await place.admin.unsafe(`alter database "${place.name}" owner to ${name}`);
  return { name, url: onDatabase(place.adminUrl, place.name, { user: name, password: "x" }) };
}

/** Drops what a test made, in the databases and on the server. */
function dropAtEnd(places: readonly Place[], names: readonly string[]): void {
  onTestFinished(async () => {
    for (const { admin, name } of places) {
      await admin.unsafe(`alter database "${name}" owner to current_user`);
      await admin.unsafe(`reassign owned by ${names.join(", ")} to current_user`);
      await admin.unsafe(`drop owned by ${names.join(", ")}`);
    }
    await places[0]?.admin.unsafe(`drop role ${names.join(", ")}`);
  });
}

async function addMigration(project: FixtureProject, name: string, sql: string): Promise<void> {
  await mkdir(join(project.out, name));
  await writeFile(join(project.out, name, "migration.sql"), sql);
}

const run = (project: FixtureProject, url: URL, adminRole: string) => project.migrate(url, { adminRole });

async function majorVersion({ admin }: Place): Promise<number> {
  const rows = await admin<{ major: number }[]>`
    select current_setting('server_version_num')::int / 10000 as major`;
  return rows[0]?.major ?? 0;
}

async function insertRows(place: Place): Promise<void> {
  await place.admin`insert into notes (creator_id, title) values (${A}, 'a'), (${B}, 'b')`;
}

describe("a migrator that row security binds", () => {
  it("makes doors, changes them and takes them away, and is in the door role no more", async () => {
    const { project, roles } = await makeSite();
    const place = await createEmptyDatabase();
    const migrator = await makeMigrator(place);
    dropAtEnd([place], [migrator.name, ...Object.values(roles)]);
    await run(project, migrator.url, roles.admin);
    const withDoor = (returns: string) =>
      `import { door } from "tenantry";
       ${noteTable()}
       export const findNote = door("find_note", { table: notes, by: [notes.creatorId, notes.id]${returns}, reason: "It is looked up." });`;
    const service = await makeService(place, { tenant: roles.tenant, setting: "app.creator_id" });
    const find = () =>
      service(undefined, async (sql) => [
        ...(await sql.unsafe("select * from tenantry_doors.find_note($1, (select null::uuid))", [A])),
      ]);
    for (const returns of [", returns: [notes.title]", ""]) {
      await project.write(withDoor(returns));
      await project.create(`doors${returns.length}`);
      await run(project, migrator.url, roles.admin);
      expect(await project.audit(place.admin)).toEqual([]);
      expect(await find()).toEqual(returns === "" ? [{ find_note: null }] : []);
      const [made] = await place.admin`
        select pg_get_userbyid(proowner) as owner, prosecdef as definer,
               exists (select from pg_auth_members where roleid = proowner and member = ${migrator.name}::regrole
                         and coalesce((to_jsonb(pg_auth_members) ->> 'set_option')::bool, true)) as joined,
               has_schema_privilege(proowner, 'tenantry_doors', 'create') as open
        from pg_proc where proname = 'find_note'`;
      expect(made).toEqual({ owner: roles.door, definer: true, joined: false, open: false });
    }
    await project.write(noteTable());
    await project.create("closed");
    await run(project, migrator.url, roles.admin);
    expect(await place.admin`select from pg_namespace where nspname = 'tenantry_doors'`).toHaveLength(0);
    expect(await project.audit(place.admin)).toEqual([]);
  });

  it("applies what create wrote, and services see only their own", async () => {
    const { project, roles } = await makeSite();
    const place = await createEmptyDatabase();
    const migrator = await makeMigrator(place);
    dropAtEnd([place], [migrator.name, ...Object.values(roles)]);
    await run(project, migrator.url, roles.admin);
    expect(await project.audit(place.admin)).toEqual([]);
    await insertRows(place);
    const asTenant = await makeService(place, { tenant: roles.tenant, setting: "app.creator_id" });
    expect(await asTenant(A, (session) => session`select title from notes`)).toEqual([{ title: "a" }]);
  });

  it("is let into the admin role by the first migration, whose later statements then check rows behind FORCE", async () => {
    const { project, roles } = await makeSite();
    await project.write(`
      export const folders = pgTable("folders", { ...tenantKey() }, (t) => [withTenantRls(t)]);
      export const files = pgTable("files", { ...tenantKey(), folderId: uuid("folder_id") }, (t) => [
        withTenantRls(t),
        tenantForeignKey(t, { columns: [t.folderId], foreignColumns: [folders.id], onDelete: "set null" }),
      ]);`);
    await rm(project.out, { recursive: true });
    await createInit(project, roles);
    const [init = ""] = await project.entries();
    expect(await readFile(join(project.out, init, "migration.sql"), "utf8")).toMatch(
      /force row level security[\s\S]*add constraint[\s\S]*foreign key/,
    );
    const place = await createEmptyDatabase();
    const migrator = await makeMigrator(place);
    dropAtEnd([place], [migrator.name, ...Object.values(roles)]);
    await run(project, migrator.url, roles.admin);
    expect(await project.audit(place.admin)).toEqual([]);
  });

  it("migrates every tenant's data, as a member of the admin role", async () => {
    const { project, roles } = await makeSite();
    const place = await createEmptyDatabase();
    const migrator = await makeMigrator(place);
    dropAtEnd([place], [migrator.name, ...Object.values(roles)]);
    await run(project, migrator.url, roles.admin);
    await insertRows(place);
    await addMigration(project, "20990101000000_data", "update notes set title = title || '!'");
    await run(project, migrator.url, roles.admin);
    expect(await place.admin`select title from notes order by title`).toEqual([
      { title: "a!" },
      { title: "b!" },
    ]);
  });

  const LOST = "update notes set title = 'lost'";
  it.each<[string, boolean, (admin: string, migrator: string) => string]>([
    ["once it is no member", true, () => LOST],
    [
      "once it is no member, outside a transaction too",
      true,
      () => `-- tenantry: no-transaction\ndo $$ begin ${LOST}; end $$`,
    ],
    [
      "when the file itself takes the membership away",
      false,
      (admin, migrator) => `revoke ${admin} from ${migrator} -- based on a review\n;\n${LOST};`,
    ],
    [
      "when the file itself binds it by another policy",
      false,
      () => `create policy tight on notes as restrictive using (title is null);\n${LOST};`,
    ],
    [
      "when it sets a role that no policy lets through",
      false,
      (admin, migrator) => `revoke ${admin} from ${migrator}; set role ${migrator};\n${LOST};`,
    ],
  ])("fails loudly, and updates nothing in silence, %s", async (_, isRevoked, sql) => {
    const { project, roles } = await makeSite();
    const place = await createEmptyDatabase();
    const migrator = await makeMigrator(place);
    dropAtEnd([place], [migrator.name, ...Object.values(roles)]);
    await run(project, migrator.url, roles.admin);
    await insertRows(place);
    if (isRevoked)
      await withDatabase(migrator.url, {}, async (own) => {
        await own.unsafe(`revoke ${roles.admin} from ${migrator.name}`);
      });
    await addMigration(project, "20990101000000_data", sql(roles.admin, migrator.name));
    await expect(run(project, migrator.url, roles.admin)).rejects.toMatchObject({
      code: "migration-failed",
      message: expect.stringContaining("query would be affected by row-level security policy"),
    });
    expect(await place.admin`select count(*)::int as n from drizzle.__drizzle_migrations`).toEqual([
      { n: 1 },
    ]);
  });

  it("fails loudly where the floor confines it: as a member of the tenant role, too", async () => {
    const { project, roles } = await makeSite();
    const place = await createEmptyDatabase();
    const migrator = await makeMigrator(place);
    dropAtEnd([place], [migrator.name, ...Object.values(roles)]);
    await run(project, migrator.url, roles.admin);
    await insertRows(place);
    // As the maker of the role it is a member already; since PostgreSQL 16 one that inherits nothing.
    const inherit = (await majorVersion(place)) >= 16 ? "with inherit true" : "";
    await place.admin.unsafe(`grant ${roles.tenant} to ${migrator.name} ${inherit}`);
    await addMigration(project, "20990101000000_data", "update notes set title = 'lost'");
    await expect(run(project, migrator.url, roles.admin)).rejects.toMatchObject({
      message: expect.stringContaining("query would be affected by row-level security policy"),
    });
  });

  it("is told of rows that break a new reference: the check is not blinded by the policies", async () => {
    const { project, roles } = await makeSite();
    const place = await createEmptyDatabase();
    const migrator = await makeMigrator(place);
    dropAtEnd([place], [migrator.name, ...Object.values(roles)]);
    await run(project, migrator.url, roles.admin);
    await place.admin`insert into notes (creator_id, parent_id) values (${A}, gen_random_uuid())`;
    await project.write(
      noteTable(
        ", tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: 'cascade' })",
      ),
    );
    await project.create("reference");
    await expect(run(project, migrator.url, roles.admin)).rejects.toMatchObject({
      code: "migration-failed",
      message: expect.stringContaining("notes_parent_id_fk"),
    });
  });

  it("brings up a second database on the same server, where the roles exist already", async () => {
    const { project, roles } = await makeSite();
    const [one, two] = [await createEmptyDatabase(), await createEmptyDatabase()];
    const migrator = await makeMigrator(one);
    await two.admin.unsafe(`alter database "${two.name}" owner to ${migrator.name}`);
    dropAtEnd([one, two], [migrator.name, ...Object.values(roles)]);
    const urlOfTwo = onDatabase(migrator.url, two.name);
    await Promise.all([run(project, migrator.url, roles.admin), run(project, urlOfTwo, roles.admin)]);
    expect(await project.audit(one.admin)).toEqual([]);
    expect(await project.audit(two.admin)).toEqual([]);
  });

  it("needs the admin role from whoever made it, and says so", async () => {
    const { project, roles } = await makeSite();
    const [one, two] = [await createEmptyDatabase(), await createEmptyDatabase()];
    const [first, second] = [await makeMigrator(one), await makeMigrator(two)];
    dropAtEnd([one, two], [first.name, second.name, ...Object.values(roles)]);
    await run(project, first.url, roles.admin);
    if ((await majorVersion(one)) >= 16) {
      await expect(run(project, second.url, roles.admin)).rejects.toMatchObject({
        code: "migration-failed",
        message: expect.stringContaining(`permission denied to grant role "${roles.admin}"`),
      });
      await one.admin.unsafe(`grant ${roles.admin} to ${second.name}`);
    }
    await run(project, second.url, roles.admin);
    expect(await project.audit(two.admin)).toEqual([]);
  });
});

describe("a migrator that only has CREATE on the database", () => {
  it("brings up tables in a schema of its own", async () => {
    const { roles } = await makeSite();
    const place = await createEmptyDatabase();
    const name = `migrator_${randomBytes(4).toString("hex")}`;
    await place.admin.unsafe(`create role ${name} login createrole password 'x'`);
    await place.admin.unsafe(`grant create on database "${place.name}" to ${name}`);
    dropAtEnd([place], [name, ...Object.values(roles)]);
    const schema = noteTable().replace("pgTable(", 'pgSchema("kb").table(');
    const other = await makeProject({ tenancy: { roles } });
    await other.write(`export const kb = pgSchema("kb");\n${schema}`);
    await createInit(other, roles);
    await run(other, onDatabase(place.adminUrl, place.name, { user: name, password: "x" }), roles.admin);
    expect(await other.audit(place.admin)).toEqual([]);
    expect(
      await readFile(join(other.out, (await other.entries())[0] ?? "", "migration.sql"), "utf8"),
    ).not.toContain('"public"');
  });
});
