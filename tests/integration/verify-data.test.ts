import { describe, expect, it } from "vitest";
import { DEFAULT_LEDGER, readFolder, type VerifyOptions, verify } from "../../src/migrate/index.js";
import { createEmptyDatabase } from "../support/databases.js";
import { apply, keepLog, makeFolder, ONE, putMigration, TWO } from "./migration-folder.js";

type Empty = Awaited<ReturnType<typeof createEmptyDatabase>>;

const verified = async (
  { adminUrl }: Pick<Empty, "adminUrl">,
  folder: string,
  more: Partial<VerifyOptions> = {},
) =>
  await verify({
    url: adminUrl,
    folder: await readFolder(folder),
    ledger: DEFAULT_LEDGER,
    adminRole: "app_admin",
    ...more,
  });

const findings = async (database: Empty, folder: string, more: Partial<VerifyOptions> = {}) => {
  const result = await verified(database, folder, more);
  if (result.outcome !== "verified") throw result.error;
  return result.findings.map(({ rule, level, subject, detail }) => `${level}[${rule}] ${subject}: ${detail}`);
};

const TABLES = `create table parents (id int primary key, name text);
create table children (id int primary key, parent int, other int);`;

describe("verifying the data of a live database", () => {
  it("finds nothing where there is nothing to find, and leaves nothing behind", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: `${TABLES} alter table children add foreign key (parent) references parents;`,
    });
    await apply(database, folder);
    expect(await findings(database, folder)).toEqual([]);
  });

  it("finds a foreign key that was never validated, and counts its orphans", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: `${TABLES} insert into parents values (1); insert into children values (1, 1), (2, 7), (3, null), (4, 8);
        create schema "O'ther"; create table "O'ther"."T" ("a b" int, "c" int, foreign key ("a b") references parents);
        alter table children add constraint "child's" foreign key (parent) references parents not valid;
        alter table children add constraint fine foreign key (other) references parents not valid;
        alter table parents add constraint named check (name is not null) not valid;`,
    });
    await apply(database, folder);
    expect(await findings(database, folder)).toEqual([
      `warning[constraint-not-validated] children: the foreign key child's was never validated: older rows may violate it`,
      "warning[constraint-not-validated] children: the foreign key fine was never validated: older rows may violate it",
      "warning[constraint-not-validated] parents: the check named was never validated: older rows may violate it",
      `error[row-orphaned] children: 2 rows refer by child's to rows that public.parents does not have`,
    ]);
    expect(await findings(database, folder, { schemas: ["O'ther"] })).toEqual([]);
    // Each fix is a statement that mends it, once the rows are right.
    await database.admin`delete from children where parent > 1`;
    await database.admin`update parents set name = 'x'`;
    const result = await verified(database, folder);
    const fixes = result.outcome === "verified" ? result.findings.map(({ fix }) => fix) : [];
    for (const fix of fixes) await database.admin.unsafe(fix);
    expect(await findings(database, folder)).toEqual([]);
  });

  it("counts under a key of several columns as MATCH SIMPLE and MATCH FULL do", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: `create table p (a int, b int, primary key (b, a)); insert into p values (1, 2);
        create table c (x int, y int); insert into c values (1, 2), (1, null), (null, null), (2, 1);
        alter table c add constraint simple foreign key (x, y) references p (a, b) not valid;`,
    });
    await apply(database, folder);
    expect(await findings(database, folder)).toContain(
      "error[row-orphaned] c: 1 row refers by simple to rows that public.p does not have",
    );
    await database.admin`alter table c drop constraint simple, add constraint whole foreign key (x, y) references p (a, b) match full not valid`;
    expect(await findings(database, folder)).toContain(
      "error[row-orphaned] c: 2 rows refer by whole to rows that public.p does not have",
    );
  });

  it("finds an index that a failed build has left, and a unique one is an error", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: `${TABLES} insert into children values (1, 1), (2, 1);` });
    await apply(database, folder);
    await database.admin`create unique index concurrently only_one on children (parent)`.catch(() => {});
    expect(await findings(database, folder)).toEqual([
      "error[index-invalid] children: the index public.only_one is invalid: it does not keep its values unique",
    ]);
    await database.admin`create index concurrently sad on children ((1 / (id - 1)))`.catch(() => {});
    expect(await findings(database, folder)).toContain(
      "warning[index-invalid] children: the index public.sad is invalid: no query uses it, and every write pays for it",
    );
  });

  it("finds triggers that do not fire, and a foreign key that is therefore not enforced", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({
      [ONE]: `${TABLES} alter table children add constraint kept foreign key (parent) references parents;
        create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger touched before update on children for each row execute function touch();`,
    });
    await apply(database, folder);
    await database.admin`alter table children enable replica trigger touched`;
    expect(await findings(database, folder)).toEqual([
      "warning[trigger-inactive] children: the trigger touched is enabled for replicas alone",
    ]);
    await database.admin`alter table children disable trigger all`;
    expect(await findings(database, folder)).toEqual([
      "error[trigger-inactive] children: the triggers behind the foreign key kept are disabled: it is not enforced",
      "warning[trigger-inactive] children: the trigger touched is disabled",
    ]);
  });

  it("runs the verify.sql of what is applied again, and of nothing else", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: TABLES });
    await putMigration(
      folder,
      ONE,
      "select id, name from parents where name is null;\n--> statement-breakpoint\nselect id from children where id < 0",
      "verify.sql",
    );
    await apply(database, folder);
    await putMigration(folder, TWO, "select 1");
    await putMigration(folder, TWO, "select 'never'", "verify.sql");
    expect(await findings(database, folder)).toEqual([]);
    await database.admin`insert into parents select n from generate_series(1, 5) n`;
    const result = await verified(database, folder);
    expect(result).toMatchObject({
      outcome: "verified",
      findings: [
        {
          rule: "verify-sql",
          level: "error",
          subject: ONE,
          file: expect.stringContaining("verify.sql"),
          line: 1,
          detail: expect.stringMatching(/^5 violations: \{"id":1,"name":null\}, .* and 2 more$/),
        },
      ],
    });
  });

  it("says of a verify.sql that no longer runs, or that writes, that it does, and goes on", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: TABLES, [TWO]: "select 1" });
    await apply(database, folder);
    await putMigration(folder, ONE, "select gone from parents", "verify.sql");
    await putMigration(folder, TWO, "commit; insert into parents values (99); select 1 as bad", "verify.sql");
    const told = await findings(database, folder);
    expect(told[0]).toMatch(/^warning\[verify-sql\] 20260101000000_one: it no longer runs: .*gone/);
    expect(told).toHaveLength(2);
    expect(told[1]).toMatch(/^warning\[verify-sql\] 20260102000000_two: it no longer runs: .*read-only/);
    expect(await database.admin`select from parents`).toHaveLength(0);
  });

  it("counts what row security lets the role see, or says that it cannot", async () => {
    const database = await createEmptyDatabase();
    const owner = `v_${database.name}`;
    await database.admin.unsafe(
      `create role "${owner}" login password 'x'; grant create on database "${database.name}" to "${owner}"; grant create on schema public to "${owner}"`,
    );
    const adminUrl = new URL(database.adminUrl);
    adminUrl.username = owner;
    adminUrl.password = "x";
    const folder = await makeFolder({
      [ONE]: `${TABLES} insert into children values (1, 5); alter table children add constraint doubtful foreign key (parent) references parents not valid;
        alter table children enable row level security; alter table children force row level security;`,
    });
    try {
      await apply({ adminUrl }, folder);
      expect(await findings({ ...database, adminUrl }, folder)).toEqual([
        expect.stringContaining("constraint-not-validated"),
        expect.stringMatching(
          /^warning\[row-orphaned\] children: whether rows violate doubtful could not be seen: .*row-level security/,
        ),
      ]);
      expect(await findings(database, folder)).toContain(
        "error[row-orphaned] children: 1 row refers by doubtful to rows that public.parents does not have",
      );
    } finally {
      await database.admin.unsafe(`drop owned by "${owner}" cascade; drop role "${owner}"`);
    }
  });

  it("is ended by its signal, also in the middle of a query", async () => {
    const database = await createEmptyDatabase();
    const folder = await makeFolder({ [ONE]: TABLES });
    await apply(database, folder);
    await putMigration(folder, ONE, "select pg_sleep(600)", "verify.sql");
    const controller = new AbortController();
    const log = keepLog();
    const running = verified(database, folder, { signal: controller.signal, logger: log.logger });
    const isAsleep = async () =>
      (
        await database.admin`select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`
      ).length > 0;
    while (!(await isAsleep()));
    controller.abort();
    expect(await running).toMatchObject({ outcome: "interrupted", error: { code: "interrupted" } });
    expect(log.events).toEqual(["verify-started"]);
    expect(await isAsleep()).toBe(false);
  });

  it("gives what stands in its way as a result", async () => {
    const folder = await makeFolder({ [ONE]: TABLES });
    const adminUrl = new URL("postgres://nobody@127.0.0.1:1/none");
    expect(await verified({ adminUrl }, folder)).toMatchObject({
      outcome: "refused",
      error: { code: "connection-failed" },
    });
  });
});
