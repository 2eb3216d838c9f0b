import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { createBackup } from "../../src/data/backup/create-backup.js";
import { readManifest } from "../../src/data/backup-file/read-frames.js";
import { sweepRestores } from "../../src/data/restore/claim-name.js";
import { restoreBackup } from "../../src/data/restore/restore-backup.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase, type EmptyDatabase } from "../../src/testing/create-empty-database.js";
import { backupOptions, claimDatabase, migrate } from "../support/backup-options.js";
import { serverUrl } from "../support/databases.js";
import { makeFolder, ONE, TWO } from "./migration-folder.js";

const SQL = `
create table accounts (id int primary key, balance int not null);
create table moves (id bigint generated always as identity primary key, account int not null references accounts, amount int not null);
create table logs (at date not null, what text) partition by range (at);
create table logs_2025 partition of logs for values from ('2025-01-01') to ('2026-01-01');
create table chicken (id int primary key, egg int); create table egg (id int primary key, chicken int not null references chicken);
alter table chicken add foreign key (egg) references egg;
create table noted (id int primary key, note text);
create function shout() returns trigger language plpgsql as $$ begin new.note := upper(new.note); return new; end $$;
create trigger shout before insert on noted for each row execute function shout();
create view notes as select id, note from noted;
create trigger instead_of instead of insert on notes for each row execute function shout();
alter table noted enable row level security; alter table noted force row level security;
insert into accounts values (1, 100), (2, 100);`;

/** The test server's, of which its databases have no mark. */
const isDevelopment = true;

let source: EmptyDatabase;
let out: string;

beforeAll(async () => {
  source = await createEmptyDatabase({ serverUrl });
  out = await makeFolderFor({ [ONE]: SQL });
  await migrate(source.adminUrl, out);
  await source.admin
    .unsafe(
      `insert into noted values (1, 'a'); alter table noted disable trigger shout; update noted set note = 'quiet';
       alter table noted enable trigger shout;
       insert into chicken values (1, null); insert into egg values (1, 1); update chicken set egg = 1;`,
    )
    .simple();
});
afterAll(async () => {
  await source.drop();
  await rm(out, { recursive: true, force: true });
});

/** A folder for all tests of this file. */
async function makeFolderFor(migrations: Record<string, string>): Promise<string> {
  const { mkdtemp, mkdir } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const folder = await mkdtemp(join(tmpdir(), "tenantry-backup-migrations-"));
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "migration.sql"), sql);
  }
  return folder;
}

describe("a backup", () => {
  it("is of one moment, while others write, and two at once are two whole files", async () => {
    const options = { ...(await backupOptions(source.adminUrl, out)), verify: false };
    let isDone = false;
    const writing = withDatabase(source.adminUrl, {}, async (database) => {
      while (!isDone)
        await database.unsafe(
          `update accounts set balance = balance - 1 where id = 1; update accounts set balance = balance + 1 where id = 2;
           insert into moves (account, amount) values (1, -1), (2, 1)`,
        );
    });
    const reports = await Promise.all([createBackup(options), createBackup(options)]).finally(() => {
      isDone = true;
    });
    await writing;
    expect(new Set(reports.map(({ file }) => file)).size).toBe(2);
    for (const [number, { file }] of reports.entries()) {
      const into = claimDatabase(`${source.name}_moment${number}`);
      await restoreBackup({ file, url: source.adminUrl, project: options.project, into, isDevelopment });
      await withDatabase(onDatabase(source.adminUrl, into), {}, async (database) => {
        const [row] = await database<{ sum: string; moved: string; first: number }[]>`
          select (select sum(balance) from accounts)::text as sum,
            (select coalesce(sum(amount), 0) from moves where account = 2)::text as moved,
            (select balance from accounts where id = 2) as first`;
        expect(row?.sum).toBe("200");
        expect(Number(row?.moved)).toBe((row?.first ?? 0) - 100);
      });
    }
  });

  it("leaves the newest, and deletes nothing but older ones of this database", async () => {
    const options = { ...(await backupOptions(source.adminUrl, out)), verify: false };
    const first = await createBackup(options);
    const name = first.file.slice(options.directory.length + 1);
    const stranger = name.replace(/\d{8}T/, "20010101T").replace(source.name.slice(0, 8), "somebody");
    const fake = name.replace(/\d{8}T/, "20010101T");
    await writeFile(join(options.directory, stranger), "tenantry-backup 1\n");
    await writeFile(join(options.directory, fake), "not one, but with the name of one");
    await writeFile(join(options.directory, "notes.txt"), "mine");
    const second = await createBackup({ ...options, keep: 1 });
    expect(second.removed).toEqual([name]);
    const left = [second.file.slice(options.directory.length + 1), stranger, fake, "notes.txt"];
    expect((await readdir(options.directory)).sort()).toEqual(left.sort());
  });

  it("counts itself first among those that it leaves, whatever the clock said before", async () => {
    const options = { ...(await backupOptions(source.adminUrl, out)), verify: false };
    const first = await createBackup(options);
    const later = first.file.replace(/\d{8}T/, "29990101T");
    await rename(first.file, later);
    const second = await createBackup({ ...options, keep: 1 });
    expect(second.removed).toEqual([basename(later)]);
    expect(await readdir(options.directory)).toEqual([basename(second.file)]);
  });

  it("without proof is refused, too, for a partition that a restore could not make", async () => {
    const options = { ...(await backupOptions(source.adminUrl, out)), verify: false };
    await source.admin.unsafe(
      "create table logs_odd partition of logs for values from ('2030-01-01') to ('2031-01-01') partition by list (lower(what))",
    );
    await expect(createBackup(options)).rejects.toMatchObject({
      code: "backup-refused",
      details: ["partition public.logs_odd, its key: partition by LIST (lower(what))"],
    });
    expect(await readdir(options.directory)).toEqual([]);
    await source.admin.unsafe("drop table logs_odd");
  });

  it("holds the rows of partitions that only the migrations can make", async () => {
    const odd = await makeFolderFor({
      [ONE]: `create table words (word text) partition by list (word);
        create table back_slash partition of words for values in (E'a\\\\b');
        create table by_case partition of words default partition by list (lower(word));
        create table by_case_x partition of by_case for values in ('x');`,
    });
    onTestFinished(() => rm(odd, { recursive: true, force: true }));
    const database = await createEmptyDatabase({ serverUrl });
    onTestFinished(() => database.drop());
    await migrate(database.adminUrl, odd);
    await database.admin`insert into words values ('a\\b'), ('X')`;
    const options = await backupOptions(database.adminUrl, odd);
    const { file } = await createBackup(options);
    const into = claimDatabase(`${database.name}_odd`);
    await restoreBackup({ ...{ file, url: source.adminUrl, project: options.project, into }, isDevelopment });
    await withDatabase(onDatabase(source.adminUrl, into), {}, async (restored) => {
      expect(await restored`select word from back_slash union all select word from by_case_x`).toHaveLength(
        2,
      );
    });
  });

  it("is refused for a role that row security binds, before a file is there", async () => {
    const role = `${source.name}_bound`;
    await source.admin
      .unsafe(`create role "${role}" login password 'p'; grant pg_read_all_data to "${role}"`)
      .simple();
    try {
      const url = new URL(source.adminUrl);
      [url.username, url.password] = [role, "p"];
      const options = await backupOptions(url, out);
      await expect(createBackup(options)).rejects.toMatchObject({
        code: "role-insufficient",
        details: ["public.noted"],
      });
      expect(await readdir(options.directory)).toEqual([]);
    } finally {
      await source.admin.unsafe(`drop owned by "${role}"; drop role "${role}"`).simple();
    }
  });

  it("is refused for large objects, another column, and production's mark", async () => {
    const options = await backupOptions(source.adminUrl, out);
    await source.admin`select lo_create(4711)`;
    await expect(createBackup(options)).rejects.toMatchObject({
      code: "backup-refused",
      message: /large object/,
    });
    await source.admin`select lo_unlink(4711)`;
    await source.admin`alter table egg add column colour text`;
    await expect(createBackup(options)).rejects.toMatchObject({
      code: "backup-refused",
      details: [/colour/],
    });
    await source.admin`alter table egg drop column colour`;
    await source.admin`insert into tenantry.meta values ('environment', 'production')`;
    await expect(createBackup(options)).rejects.toMatchObject({ code: "production-refused" });
    await source.admin`delete from tenantry.meta where key = 'environment'`;
    expect(await readdir(options.directory)).toEqual([]);
  });

  it("takes partitions along that no migration has made, and says which tables it leaves out", async () => {
    await source.admin
      .unsafe(
        `create table logs_2026 partition of logs for values from ('2026-01-01') to ('2027-01-01');
         insert into logs values ('2026-05-05', 'new year'); create table by_hand (n int); create schema pgboss; create table pgboss.jobs (n int);`,
      )
      .simple();
    const options = await backupOptions(source.adminUrl, out);
    const report = await createBackup(options);
    expect(report.manifest.leftOut.map(({ name }) => name)).toEqual(["public.by_hand", "schema pgboss"]);
    expect(report.warnings).toHaveLength(2);
    const into = claimDatabase(`${source.name}_partition`);
    await restoreBackup({
      ...{ file: report.file, url: source.adminUrl, project: options.project, into },
      isDevelopment,
    });
    await withDatabase(onDatabase(source.adminUrl, into), {}, async (database) => {
      expect(await database`select * from logs_2026`).toHaveLength(1);
    });
    await source.admin.unsafe("drop table logs_2026, by_hand; drop schema pgboss cascade").simple();
  });

  it("that is stopped leaves no file", async () => {
    const controller = new AbortController();
    const options = { ...(await backupOptions(source.adminUrl, out)), signal: controller.signal };
    const info = (message: string) => void (message.includes("accounts") && controller.abort());
    await expect(createBackup({ ...options, logger: { info, warn: () => {} } })).rejects.toMatchObject({
      code: "interrupted",
    });
    expect(await readdir(options.directory)).toEqual([]);
  });
});

describe("a restore", () => {
  it("by an owner who is no superuser keeps triggers, circles and forced row security as they are", async () => {
    const options = await backupOptions(source.adminUrl, out);
    const { file } = await createBackup({ ...options, verify: false });
    const role = `${source.name}_owner`;
    await source.admin.unsafe(`create role "${role}" login createdb bypassrls password 'p'`);
    const into = claimDatabase(`${source.name}_plain`);
    try {
      const url = new URL(source.adminUrl);
      [url.username, url.password] = [role, "p"];
      const restore = { file, project: options.project, into, isDevelopment };
      await expect(restoreBackup({ ...restore, url })).rejects.toMatchObject({ code: "role-insufficient" });
      expect(await restoreBackup({ ...restore, url: onDatabase(url, "postgres") })).toMatchObject({
        warnings: [],
      });
      await withDatabase(onDatabase(source.adminUrl, into), {}, async (database) => {
        expect(await database`select note from noted`).toEqual([{ note: "quiet" }]);
        const [state] = await database`
          select (select tgenabled from pg_trigger where tgname = 'shout') as trigger,
            (select relforcerowsecurity from pg_class where relname = 'noted') as forced,
            (select count(*)::int from pg_constraint where condeferrable) as deferrable`;
        expect(state).toEqual({ trigger: "O", forced: true, deferrable: 0 });
        await database.unsafe(`drop owned by "${role}" cascade`);
      });
    } finally {
      await withDatabase(new URL(serverUrl), {}, async (server) => {
        await server.unsafe(`drop database if exists "${into}" with (force)`);
        await server.unsafe(`drop role "${role}"`);
      });
    }
  });

  it("says what its login may not do: make a database, or end the sessions of a superuser", async () => {
    const options = await backupOptions(source.adminUrl, out);
    const { file } = await createBackup({ ...options, verify: false });
    const role = `${source.name}_weak`;
    const into = claimDatabase(`${source.name}_busy`);
    await source.admin.unsafe(`create role "${role}" login bypassrls password 'p'`);
    try {
      const url = new URL(source.adminUrl);
      [url.username, url.password, url.pathname] = [role, "p", "/postgres"];
      const restore = { file, url, project: options.project, into, isDevelopment };
      await expect(restoreBackup(restore)).rejects.toMatchObject({
        code: "role-insufficient",
        hint: expect.stringContaining("createdb"),
      });
      await source.admin.unsafe(`alter role "${role}" createdb`);
      await restoreBackup(restore);
      await withDatabase(onDatabase(source.adminUrl, into), {}, async (superuser) => {
        const backUp = (busy: URL) => createBackup({ ...options, url: busy, verify: false });
        await expect(restoreBackup({ ...restore, replace: { backUp } })).rejects.toMatchObject({
          code: "role-insufficient",
          message: expect.stringContaining(into),
        });
        expect(await superuser`select current_database() as name`).toEqual([{ name: into }]);
      });
    } finally {
      await withDatabase(new URL(serverUrl), {}, async (server) => {
        await server.unsafe(`drop database if exists "${into}" with (force)`);
        await server.unsafe(`drop role "${role}"`);
      });
    }
    await expectNoLeftovers();
  });

  it("touches no database of that name without being told to, and replaces it whole when it is", async () => {
    const options = await backupOptions(source.adminUrl, out);
    const { file, rows } = await createBackup({ ...options, verify: false });
    const target = await createEmptyDatabase({ serverUrl });
    try {
      await migrate(target.adminUrl, out);
      await target.admin`insert into accounts values (77, 7)`;
      await target.admin.unsafe(`alter database "${target.name}" set search_path = public, "$user"`);
      const restore = {
        file,
        url: source.adminUrl,
        project: options.project,
        into: target.name,
        isDevelopment,
      };
      await expect(restoreBackup(restore)).rejects.toMatchObject({ code: "argument-invalid", hint: /--yes/ });
      const replace = { backUp: (url: URL) => createBackup({ ...options, url, verify: false }) };
      const marked = onDatabase(source.adminUrl, "postgres");
      await expect(
        restoreBackup({ ...restore, url: marked, isDevelopment: false, replace }),
      ).rejects.toMatchObject({ code: "production-refused" });
      const planned = await restoreBackup({ ...restore, replace, dryRun: true });
      expect(planned.steps.at(-1)).toMatch(/^drop database/);
      expect(await target.admin`select id from accounts where id = 77`).toHaveLength(1);
      const done = await restoreBackup({ ...restore, replace });
      expect(done).toMatchObject({ replaced: true, rows, backup: expect.any(String) });
      await withDatabase(target.adminUrl, {}, async (database) => {
        expect(await database`select id from accounts where id = 77`).toEqual([]);
        expect(await database`show search_path`).toEqual([{ search_path: 'public, "$user"' }]);
      });
      const kept = await readManifest({ path: done.backup ?? "" });
      expect(kept.tables.find(({ name }) => name === "accounts")?.rows).toBe(3);
    } finally {
      await target.drop();
    }
    await expectNoLeftovers();
  });

  it("keeps the database that it replaces when its backup has not all of it", async () => {
    const options = { ...(await backupOptions(source.adminUrl, out)), verify: false };
    const { file } = await createBackup(options);
    const target = await createEmptyDatabase({ serverUrl });
    onTestFinished(() => target.drop());
    await migrate(target.adminUrl, out);
    const restore = {
      file,
      url: source.adminUrl,
      project: options.project,
      into: target.name,
      isDevelopment,
    };
    const backUp = (url: URL) => createBackup({ ...options, url });
    await target.admin.unsafe("create table by_hand (n int)");
    await expect(restoreBackup({ ...restore, replace: { backUp } })).rejects.toMatchObject({
      code: "backup-refused",
      details: ["public.by_hand: no migration makes it"],
    });
    await target.admin.unsafe("drop table by_hand");
    const done = await restoreBackup({
      ...restore,
      replace: {
        backUp: async (url) => {
          const report = await backUp(url);
          await target.admin`insert into accounts values (99, 9)`;
          return report;
        },
      },
    });
    const kept = claimDatabase(done.kept ?? "");
    expect(kept).toMatch(/_replaced_[0-9a-f]{8}$/);
    expect(done.warnings).toEqual([
      expect.stringMatching(/is kept as .* public\.accounts: 3 rows instead of 2$/),
    ]);
    await withDatabase(onDatabase(source.adminUrl, kept), {}, async (database) =>
      expect(await database`select id from accounts where id = 99`).toHaveLength(1),
    );
    await withDatabase(target.adminUrl, {}, async (database) =>
      expect(await database`select id from accounts where id = 99`).toEqual([]),
    );
  });

  it("is refused into what belongs to something else, and takes an empty database", async () => {
    const options = { ...(await backupOptions(source.adminUrl, out)), verify: false };
    const { file } = await createBackup(options);
    const target = await createEmptyDatabase({ serverUrl });
    onTestFinished(() => target.drop());
    const backUp = (url: URL) => createBackup({ ...options, url });
    const restore = {
      file,
      url: source.adminUrl,
      project: options.project,
      into: target.name,
      isDevelopment,
    };
    await target.admin.unsafe("create table theirs (n int); insert into theirs values (1)").simple();
    await expect(restoreBackup({ ...restore, replace: { backUp } })).rejects.toMatchObject({
      code: "argument-invalid",
      message: /belongs to something else/,
    });
    expect(await target.admin`select n from theirs`).toHaveLength(1);
    await target.admin.unsafe("drop table theirs");
    expect(await restoreBackup({ ...restore, replace: { backUp } })).toMatchObject({
      replaced: true,
      kept: undefined,
      warnings: [],
    });
  });

  it("is refused on a server that is not said to be development's, even into a new database", async () => {
    const options = { ...(await backupOptions(source.adminUrl, out)), verify: false };
    const { file } = await createBackup(options);
    const into = claimDatabase(`${source.name}_copy`);
    const restore = { file, url: source.adminUrl, project: options.project, into };
    const refused = { code: "production-refused" };
    await expect(restoreBackup(restore)).rejects.toMatchObject(refused);
    await source.admin`insert into tenantry.meta values ('environment', 'production')`;
    await expect(restoreBackup({ ...restore, isDevelopment })).rejects.toMatchObject(refused);
    await source.admin`update tenantry.meta set value = 'development' where key = 'environment'`;
    expect(await restoreBackup({ ...restore, dryRun: true })).toMatchObject({ replaced: false });
    await source.admin`delete from tenantry.meta where key = 'environment'`;
    const gone = onDatabase(source.adminUrl, into);
    expect(await restoreBackup({ ...restore, url: gone, isDevelopment })).toMatchObject({ database: into });
  });

  it("is refused by a folder that lacks a migration or has another", async () => {
    const options = await backupOptions(source.adminUrl, out);
    const { file } = await createBackup({ ...options, verify: false });
    const into = claimDatabase(`${source.name}_folder`);
    const other = await makeFolder({ [TWO]: "select 1" });
    const edited = await makeFolder({ [ONE]: `${SQL} -- edited` });
    for (const folder of [other, edited]) {
      const { project } = await backupOptions(source.adminUrl, folder);
      await expect(restoreBackup({ file, url: source.adminUrl, project, into })).rejects.toMatchObject({
        code: "migrations-folder",
        details: [expect.stringContaining(ONE)],
      });
    }
    const broken = join(options.directory, "broken.tenantry");
    await writeFile(broken, "tenantry-backup 1\nnonsense");
    await expect(
      restoreBackup({
        file: broken,
        url: new URL("postgres://nobody@127.0.0.1:1/x"),
        project: options.project,
        into,
      }),
    ).rejects.toMatchObject({ code: "backup-invalid" });
    await withDatabase(new URL(serverUrl), {}, async (server) => {
      expect(await server`select from pg_database where datname = ${into}`).toHaveLength(0);
    });
  });

  it("whose rows are refused at the very end leaves nothing", async () => {
    const options = await backupOptions(source.adminUrl, out);
    const { file } = await createBackup({ ...options, verify: false });
    // The same file, by its hash, whose text makes a stricter table: as an extension's other version might.
    const [first, ...rest] = options.project.folder;
    const sql = `${SQL} create unique index strict on accounts ((balance is not null));`;
    const folder =
      first === undefined ? [] : [{ ...first, sql: sql.replace(/insert into accounts[^;]*;/, "") }, ...rest];
    const into = claimDatabase(`${source.name}_strict`);
    await expect(
      restoreBackup({
        file,
        url: source.adminUrl,
        project: { ...options.project, folder },
        into,
        isDevelopment,
      }),
    ).rejects.toMatchObject({ code: "restore-failed", details: [/23505/] });
    await expectNoLeftovers();
  });
});

/** Nothing without an owner: other tests restore on the same server. */
async function expectNoLeftovers(): Promise<void> {
  await withDatabase(new URL(serverUrl), {}, async (server) =>
    expect(await sweepRestores(server)).toEqual([]),
  );
}
