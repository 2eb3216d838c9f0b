import { beforeAll, describe, expect, it } from "vitest";
import { TenantryError } from "../../src/core/errors.js";
import { loadSqlParser, parseMigration } from "../../src/isolation/sql/parse-migration.js";
import { readPolicySource } from "../../src/isolation/sql/policy-source.js";

beforeAll(loadSqlParser);

const parse = (sql: string) => parseMigration({ name: "m", file: "m.sql", sql });
const places = (sql: string) =>
  parse(sql).map(({ text, line, column, chunk }) => `${chunk} ${line}:${column} ${text}`);

describe("a migration", () => {
  it("is cut at its breakpoints first: the last semicolon before one may be missing", () => {
    expect(
      places("select 1\n--> statement-breakpoint\nselect 2--> statement-breakpoint\n select 3;select 4;"),
    ).toEqual(["0 1:1 select 1", "1 3:1 select 2", "2 4:2 select 3", "2 4:11 select 4"]);
  });

  it("has places in characters, after comments and names that are not ASCII", () => {
    expect(places(`-- ünïcode 😀\n/* /* é */ */ select 'ä😀';  select "é";\r\nselect 1`)).toEqual([
      `0 2:15 select 'ä😀'`,
      `0 2:29 select "é"`,
      "0 3:1 select 1",
    ]);
  });

  it("may be empty, or hold comments alone", () => {
    expect(places("")).toEqual([]);
    expect(
      places("-- Custom SQL migration file, put your code below! --\n--> statement-breakpoint\n\n"),
    ).toEqual([]);
  });

  it.each([
    ["\\set x 1\nselect 1;", "psql's own"],
    ["copy a from stdin;\n1\t2\n\\.\n", "Write them as INSERT"],
    ["comment on table a is 'x\n--> statement-breakpoint\ny';", "inside a string ends the statement there"],
    ["do $$ begin\n--> statement-breakpoint\nend $$;", "inside a string ends the statement there"],
    ["select 'x", "PostgreSQL could not parse it either"],
    ["creat table a (x int)", "PostgreSQL could not parse it either"],
  ])("that only something else can read is refused with what to do: %j", (sql, hint) => {
    let thrown: unknown;
    try {
      parse(sql);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "sql-invalid", hint: expect.stringContaining(hint) });
  });

  it("that does not parse is refused with its place and a caret", () => {
    const sql = "select 1;\n--> statement-breakpoint\nselect 'ä';\n  selct 2;";
    expect(() => parse(sql)).toThrow(TenantryError);
    try {
      parse(sql);
    } catch (thrown) {
      expect(thrown).toMatchObject({
        code: "sql-invalid",
        message: 'm.sql:4:3: syntax error at or near "selct".',
        details: ["  selct 2;", "  ^"],
      });
    }
  });
});

it.each([
  [`create policy p on t using (a = ')') with check ((b))`, "a = ')'", "(b)"],
  [`create policy "using (x)" on t for insert with check (c in (1, 2))`, undefined, "c in (1, 2)"],
  [
    `alter policy p on t /* using (no) */ -- using (no)\n using ($q$ ( $q$ = E'\\'(' )`,
    `$q$ ( $q$ = E'\\'(' `,
    undefined,
  ],
  [
    `create policy p on t to "check" USING (exists (select from a join b using (id)))`,
    "exists (select from a join b using (id))",
    undefined,
  ],
])("reads the expressions of %s", (sql, using, check) => {
  expect(readPolicySource(sql)).toEqual({ using, check });
});
