import { beforeAll, expect, it } from "vitest";
import { loadSqlParser, parseMigration } from "../../src/isolation/sql/parse-migration.js";
import { checkWithSquawk } from "../../src/isolation/sql/squawk.js";

beforeAll(loadSqlParser);

async function find(...texts: string[]): Promise<string[]> {
  const result = await checkWithSquawk(
    texts.map((sql, index) => {
      const migration = { name: `m${index}`, file: `${index}.sql`, sql, isNew: true };
      return { ...migration, statements: parseMigration(migration) };
    }),
  );
  if (result.status !== "checked") throw new Error(result.reason);
  return result.findings.map(
    ({ rule, level, file, line, column }) => `${level} ${rule} ${file}:${line}:${column}`,
  );
}

it("shows what squawk finds as findings of ours, with places in characters", async () => {
  expect(
    await find(
      "select 'ä'; alter table documents add column x integer not null\n--> statement-breakpoint\ncreate index i on documents (title);",
      'alter table "é" drop column b;',
    ),
  ).toEqual([
    "warning squawk-adding-required-field 0.sql:1:35",
    "warning squawk-require-concurrent-index-creation 0.sql:3:1",
    "warning squawk-ban-drop-column 1.sql:1:17",
  ]);
});

it("is quiet on tables that the same migration creates", async () => {
  expect(
    await find(
      `create table notes (id serial primary key, title varchar(20));
create index i on notes (title);
alter table "notes" add column x integer not null;
alter table notes add constraint fk foreign key (x) references documents (id);`,
    ),
  ).toEqual([]);
});

it("is quiet on style, timeouts and transactions, which are ours to see to", async () => {
  expect(await find("create table a (b char(3), c int, d timestamp); begin; commit;")).toEqual([]);
});

it("answers nothing without migrations", async () => {
  expect(await find()).toEqual([]);
});

it("warns of CONCURRENTLY beside other statements, which share a transaction with it", async () => {
  expect(await find("select 1;\ncreate index concurrently i on documents (title);")).toEqual([
    "warning squawk-ban-concurrent-index-creation-in-transaction 0.sql:2:14",
  ]);
});
