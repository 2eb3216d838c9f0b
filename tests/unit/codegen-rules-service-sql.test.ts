import { describe, expect, it } from "vitest";
import { checkService } from "../fixtures/codegen/check-fixture.js";

describe("outlives-transaction", () => {
  it.each([
    ["a cursor with hold", 'await tx.execute("declare c cursor with hold for select 1");'],
    ["one that scrolls", "await tx.execute(sql`DECLARE %{name} no scroll CURSOR WITH HOLD FOR select 1`);"],
    ["a temporary table", 'await tx.execute("create temp table found as select * from documents");'],
    [
      "one by its whole name",
      "await tx.unsafe(`create local temporary table if not exists found (id int)`);",
    ],
    ["one behind another statement", 'await tx.unsafe("select 1; create temp table found (id int)");'],
    ["a temporary view", 'const view = "create or replace temp view found as select 1";'],
    ["SELECT INTO", 'await tx.execute("select * into temp found from documents");'],
    [
      "SELECT INTO TEMPORARY TABLE",
      "await tx.execute(sql`with x as (select 1) select * into temporary table %{name} from x`);",
    ],
    ["LISTEN", "await tx.execute(`listen documents`);"],
    ["LISTEN with a quoted name", 'await sql`LISTEN "Documents"`;'],
  ])("finds %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual(["outlives-transaction 2"]);
  });

  it.each([
    ["a cursor of the transaction", 'await tx.execute("declare c cursor for select 1");'],
    ["one without hold", 'await tx.execute("declare c cursor without hold for select 1");'],
    [
      "a table that goes with the transaction",
      "await tx.execute(sql`create temp table found (id int) on commit drop`);",
    ],
    ["a table that stays", 'await tx.execute("create table templates (id int)");'],
    ["SELECT INTO in words", 'const help = "select a file to put into temp storage";'],
    ["an English sentence", 'throw new Error("Listen carefully");'],
    ["one word of English that nobody sends", 'const label = "listen now";'],
    ["a server that listens", 'app.listen("/run/app.sock", () => {});'],
    ["a comment in SQL", "await tx.execute(sql`select 1 -- ; listen documents`);"],
    ["a message that names it", 'throw new Error("cannot create temp table found");'],
  ])("is silent about %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual([]);
  });
});

describe("notify-carries-rows", () => {
  it.each([
    ["a column's value", "await tx.execute(sql`select pg_notify('documents', %{row.title})`);"],
    ["a whole row", "await tx.execute(sql`select pg_notify('documents', %{JSON.stringify(row)})`);"],
    ["a row in SQL", "await tx.execute(`select pg_notify('documents', to_json(d)::text) from documents d`);"],
    ["a column in SQL", "await tx.execute(`select pg_notify('documents', d.title) from documents d`);"],
    ["NOTIFY", "await tx.unsafe(`notify documents, '%{title}'`);"],
    ["postgres.js", 'await sql.notify("documents", JSON.stringify({ id: row.id, title: row.title }));'],
    ["a channel that is filled in", "await tx.execute(sql`select pg_notify(%{channel}, %{body})`);"],
  ])("finds %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual(["notify-carries-rows 2"]);
  });

  it.each([
    ["an id", "await tx.execute(sql`select pg_notify('documents', %{row.id})`);"],
    ["an id that is cast", "await tx.execute(sql`select pg_notify('documents', %{documentId}::text)`);"],
    ["ids in an object", 'await sql.notify("documents", JSON.stringify({ id, creatorId: row.creatorId }));'],
    ["an id in SQL", "await tx.execute(`select pg_notify('documents', d.id::text) from documents d`);"],
    ["a constant", "await tx.execute(`select pg_notify('documents', 'changed, (all)')`);"],
    ["no payload", "await tx.unsafe(`notify documents`);"],
    ["what notifies people", 'await mailer.notify("welcome", user.name);'],
    ["a sentence", 'const text = "We notify subscribers, and readers.";'],
  ])("is silent about %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual([]);
  });
});

describe("superuser-login", () => {
  it.each([
    ["the superuser", 'const db = connect("postgres://postgres:secret@localhost/app");'],
    ["without a password", 'const db = connect("postgresql://postgres@localhost/app");'],
    ["with a password that is filled in", "const db = connect(`postgres://postgres:%{password}@db/app`);"],
    [
      "of a hosted pooler",
      'const db = connect("postgres://postgres.abcdefgh:x@pooler.example.com:6543/postgres");',
    ],
  ])("finds %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual(["superuser-login 2"]);
  });

  it.each([
    ["a login of the service's own", 'const db = connect("postgres://app_login:x@localhost/postgres");'],
    ["a name that begins alike", 'const db = connect("postgres://postgres_readers:x@localhost/app");'],
    ["the variable", "const db = connect(process.env.SERVICE_DATABASE_URL);"],
    ["a user that is filled in", "const db = connect(`postgres://%{user}:x@localhost/app`);"],
    ["a URL without a user", 'const db = connect("postgres://localhost/postgres");'],
  ])("is silent about %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual([]);
  });
});
