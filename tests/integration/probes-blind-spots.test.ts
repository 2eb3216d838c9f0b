import { describe, expect, it } from "vitest";
import type { Made } from "./probe-tables.js";
import { probeTables } from "./probe-tables.js";

const ROW = "org text not null, id int not null, primary key (org, id)";
const open = (table: string, using: string) =>
  `drop policy "${table}_floor" on ${table}; alter policy "${table}_tenant" on ${table} using (${using}) with check (${using})`;
const OWN = "org = nullif(current_setting('app.org', true), '')";

/** What each probe must see, though the place looks as if nothing could be there. */
const LEAKS: readonly (readonly [string, string, string, Made])[] = [
  [
    "an emptied context shows the tenant whose id is an empty text",
    "probe-context-emptied",
    "notes",
    {
      ddl: `create table notes (${ROW})`,
      tables: ["notes"],
      after: open("notes", "org = current_setting('app.org', true)"),
    },
  ],
  [
    "an emptied context shows that tenant's rows, also below a root",
    "probe-context-emptied",
    "notes",
    {
      ddl: "create table orgs (id text primary key); create table notes (org text not null references orgs, id int, primary key (org, id))",
      tables: ["notes"],
      root: "orgs",
      after: open("notes", "org = coalesce(current_setting('app.org', true), '')"),
    },
  ],
  [
    "a column of an append-only table may be changed",
    "probe-command",
    "log",
    {
      ddl: `create table log (${ROW.replace("primary", "note text, primary")})`,
      tables: ["log"],
      commands: ["select", "insert"],
      after: "grant update (note) on log to app_tenant",
    },
  ],
  [
    "a column of a shared table may be changed",
    "probe-global",
    "coins",
    {
      ddl: "create table coins (id text primary key, name text)",
      tables: [],
      globals: ["coins"],
      after: "alter table coins disable row level security; grant update (name) on coins to app_tenant",
    },
  ],
  [
    "a trigger writes a tenant's value into a shared table",
    "probe-global",
    "words",
    {
      ddl: `create table words (id text primary key); create table notes (org text not null, id int not null, body text, primary key (org, id));
        create function spell() returns trigger language plpgsql security definer as $$ begin
          insert into words values (coalesce(new.body, '-')) on conflict do nothing; return new; end $$;
        create trigger spell after insert on notes for each row execute function spell()`,
      tables: ["notes"],
      globals: ["words"],
    },
  ],
  [
    "a trigger counts all tenants' rows in a shared table",
    "probe-global",
    "counts",
    {
      ddl: `create table counts (id text primary key, n int); insert into counts values ('notes', 0); create table notes (${ROW});
        create function tally() returns trigger language plpgsql security definer as $$ begin
          update counts set n = n + 1 where id = 'notes'; return new; end $$;
        create trigger tally after insert on notes for each row execute function tally()`,
      tables: ["notes"],
      globals: ["counts"],
    },
  ],
  [
    "an update points a row at another tenant's parent, where services do not insert",
    "probe-reference",
    "pages",
    {
      ddl: `create table books (org text not null, id int not null unique, primary key (org, id));
        create table pages (org text not null, id int not null, book int not null references books (id), primary key (org, id))`,
      tables: ["books", "pages"],
      commands: ["select", "update"],
    },
  ],
  [
    "a change of a key reaches another tenant's row",
    "probe-cascade",
    "books",
    {
      ddl: `create table books (org text not null, id int not null unique, primary key (org, id));
        create table pages (org text not null, id int not null, book int not null references books (id) on update cascade, primary key (org, id))`,
      tables: ["books", "pages"],
    },
  ],
  [
    "a deletion reaches another tenant's row, though a row of the own tenant holds the parent, too",
    "probe-cascade",
    "books",
    {
      ddl: `create table books (org text not null, id int not null unique, primary key (org, id));
        create table loans (org text not null, id int not null, book int not null, primary key (org, id), foreign key (org, book) references books (org, id));
        create table pages (org text not null, id int not null, book int not null references books (id) on delete cascade, primary key (org, id))`,
      tables: ["books", "loans", "pages"],
    },
  ],
  [
    "a policy asks a text for the tenant's number",
    "probe-wrong-column",
    "notes",
    {
      ddl: "create table notes (org bigint not null, id int not null, author text not null, primary key (org, id))",
      tables: ["notes"],
      columnType: "bigint",
      after: open(
        "notes",
        "org = nullif(current_setting('app.org', true), '')::bigint or author = current_setting('app.org', true)",
      ),
    },
  ],
  [
    "a policy asks a later column, where an earlier one takes no id",
    "probe-wrong-column",
    "notes",
    {
      ddl: "create table notes (org uuid not null, id int not null, code text not null check (length(code) = 3), free text, owner uuid, primary key (org, id))",
      tables: ["notes"],
      columnType: "uuid",
      after: open(
        "notes",
        "org = nullif(current_setting('app.org', true), '')::uuid or owner = nullif(current_setting('app.org', true), '')::uuid",
      ),
    },
  ],
  [
    "a policy asks another reference to the root",
    "probe-wrong-column",
    "notes",
    {
      ddl: "create table orgs (id text primary key); create table notes (org text not null references orgs, id int not null, sponsor text references orgs, primary key (org, id))",
      tables: ["notes"],
      root: "orgs",
      after: open("notes", `${OWN} or sponsor = current_setting('app.org', true)`),
    },
  ],
  [
    "one of the server's own settings opens a policy",
    "probe-setting",
    "notes",
    {
      ddl: `create table notes (${ROW})`,
      tables: ["notes"],
      after: open("notes", `${OWN} or current_setting('application_name') = 'back office'`),
    },
  ],
];

describe("a leak in a place that looks empty", () => {
  it.each(LEAKS)("%s", async (_name, probe, subject, made) => {
    const report = await probeTables({ ...made, options: { probes: [probe] } });
    expect(report.matrix[subject]).toEqual({ [probe]: "leaked" });
    // The same tables, as they would be without the fault, are said to hold: see the next test.
    expect(report.notProbed).toEqual([]);
  });
});

describe("what is not proven is not called held", () => {
  it("where services cannot use their own rows", async () => {
    const report = await probeTables({
      ddl: `create table notes (${ROW})`,
      tables: ["notes"],
      after: "revoke all on notes from app_tenant",
    });
    expect(report.matrix.notes).toMatchObject({ "probe-outage": "outage", "probe-read": "not possible" });
    // One finding says it all.
    expect(report.findings.map(({ rule }) => rule)).toEqual(["probe-outage"]);
  });

  it("where a trigger has taken the row away again", async () => {
    const report = await probeTables({
      ddl: `create table notes (${ROW}); create function vanish() returns trigger language plpgsql as $$ begin
        delete from notes where org = new.org and id = new.id; return null; end $$;
        create trigger vanish after insert on notes for each row execute function vanish()`,
      tables: ["notes"],
    });
    expect(report.matrix).toEqual({});
    expect(report.notProbed).toEqual([
      expect.objectContaining({ subject: "notes", reason: expect.stringContaining("a trigger") }),
    ]);
  });

  it("where a key cannot be seen to refuse anything", async () => {
    const report = await probeTables({
      ddl: `create table notes (${ROW.replace("primary", "code text, primary")}); create unique index once on notes (org, code);
        create function shake() returns trigger language plpgsql as $$ begin new.code := gen_random_uuid(); return new; end $$;
        create trigger shake before insert on notes for each row execute function shake()`,
      tables: ["notes"],
      options: { probes: ["probe-unique"] },
    });
    expect(report.findings).toEqual([
      expect.objectContaining({
        rule: "probe-not-possible",
        detail: expect.stringContaining("once did not refuse"),
      }),
    ]);
  });

  it("of an empty shared table of which no row can be made", async () => {
    const report = await probeTables({
      ddl: "create table coins (id text primary key check (md5(id) = 'x'))",
      tables: [],
      globals: ["coins"],
      options: { probes: ["probe-global"] },
    });
    expect(report.matrix.coins).toEqual({ "probe-global": "not possible" });
  });
});
