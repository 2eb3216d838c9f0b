import { expect, it, onTestFinished } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { createBackup } from "../../src/data/backup/create-backup.js";
import { restoreBackup } from "../../src/data/restore/restore-backup.js";
import { type Session, withDatabase } from "../../src/postgres/connect.js";
import { liftTimeouts } from "../../src/postgres/lift-timeouts.js";
import { backupOptions, claimDatabase, migrate } from "../support/backup-options.js";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import { makeFolder, ONE } from "./migration-folder.js";

const NAMES = [
  "statement_timeout",
  "transaction_timeout",
  "idle_session_timeout",
  "idle_in_transaction_session_timeout",
];

/** What a session is ended by; SQL. */
const ANY_LEFT = `select coalesce(string_agg(name, ', '), 'none') from pg_settings
  where name in (${NAMES.map((name) => `'${name}'`).join(", ")}) and setting <> '0'`;

/** A superuser for whom each of these timeouts is set. */
async function makeHurried(): Promise<{
  url: URL;
  database: Awaited<ReturnType<typeof createEmptyDatabase>>;
}> {
  const database = await createEmptyDatabase();
  const role = `${database.name}_hurried`;
  await database.admin.unsafe(`create role "${role}" login superuser password 'p'`);
  const there = await database.admin<
    { name: string }[]
  >`select name from pg_settings where name = any(${NAMES})`;
  for (const { name } of there) await database.admin.unsafe(`alter role "${role}" set ${name} = '1h'`);
  onTestFinished(() =>
    withDatabase(new URL(serverUrl), {}, async (server) => {
      await server.unsafe(`drop role "${role}"`);
    }),
  );
  const url = new URL(database.adminUrl);
  [url.username, url.password] = [role, "p"];
  return { url, database };
}

it("a session has no timeouts that were set for its role, once they are lifted", async () => {
  const { url } = await makeHurried();
  await withDatabase(url, {}, async (session) => {
    expect((await session.unsafe(ANY_LEFT).values())[0]).toEqual([expect.stringContaining(NAMES[0] ?? "")]);
    const left = async (of: Session) => (await of.unsafe(ANY_LEFT).values())[0];
    await session.begin(async (inside) => {
      await liftTimeouts(inside, "transaction");
      expect(await left(inside)).toEqual(["none"]);
    });
    expect(await left(session)).not.toEqual(["none"]);
    await liftTimeouts(session, "session");
    expect(await left(session)).toEqual(["none"]);
  });
});

it("rows are loaded without timeouts, whatever was set for the role that restores them", async () => {
  const { url, database } = await makeHurried();
  const out = await makeFolder({
    [ONE]: `create function timeouts() returns text language sql as $$ ${ANY_LEFT} $$;
      create table patient (id int primary key check (timeouts() = 'none'));`,
  });
  await migrate(database.adminUrl, out);
  await database.admin.unsafe("insert into patient values (1)");
  const options = await backupOptions(url, out);
  const { file } = await createBackup({ ...options, verify: false });
  const into = claimDatabase(`${database.name}_restored`);
  await restoreBackup({ file, url, project: options.project, into, isDevelopment: true });
  await withDatabase(onDatabase(database.adminUrl, into), {}, async (restored) => {
    expect(await restored`select id from patient`).toEqual([{ id: 1 }]);
  });
});
