import fc from "fast-check";
import { loadModule, scanSync } from "libpg-query";
import { beforeAll, describe, expect, it } from "vitest";
import { SqlSplitter } from "../../src/cli/shell/sql-splitter.js";

beforeAll(() => loadModule());

/** All statements of a text, fed line by line, and what is left at the end. */
function split(text: string): { statements: string[]; rest: string | undefined; unfinished: string } {
  const splitter = new SqlSplitter();
  const statements = text.split(/(?<=\n)/).flatMap((line) => splitter.push(line));
  return { statements, unfinished: splitter.unfinished, rest: splitter.take() };
}

/** Where PostgreSQL's own scanner sees semicolons, or undefined if it refuses the text. */
function semicolonsByPostgres(text: string): string[] | undefined {
  const bytes = Buffer.from(text);
  if (text === "") return undefined;
  try {
    const cuts = scanSync(text)
      .tokens.filter((token) => token.text === ";")
      .map((token) => token.start);
    return [-1, ...cuts].map((cut, index) => bytes.subarray(cut + 1, cuts[index]).toString());
  } catch {
    return undefined;
  }
}

/** Pieces in which a semicolon may hide; none has parentheses or BEGIN, which the scanner knows nothing of. */
const PIECES = [
  ...["'", '"', "$$", "$a$", "$", "$1", "--", "/*", "*/", "/", "*", "-", "\\", "\\'", "''", ";", ";", ";"],
  ...[
    " ",
    "\n",
    "\r\n",
    "\t",
    "e",
    "E'",
    "e'",
    "n'",
    "U&'",
    'U&"',
    "b'",
    "a",
    "e1",
    "é",
    "a$",
    "$é$",
    "💧",
    "7",
    "7 ",
    "=",
    "\u00a0",
  ],
];

describe("the splitter", () => {
  it("agrees with PostgreSQL's own scanner about every semicolon", () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }), (pieces) => {
        const text = pieces.join("");
        const expected = semicolonsByPostgres(text);
        if (expected === undefined) return;
        compared += 1;
        const { statements, rest } = split(text);
        const withoutBlank = expected.filter((part) => part !== "" && scanSync(part).tokens.some(isCode));
        expect([...statements, ...(rest === undefined ? [] : [rest])]).toEqual(
          withoutBlank.map((part) => part.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "")),
        );
      }),
      { numRuns: 10_000 },
    );
    // The property must not pass by comparing nothing.
    expect(compared).toBeGreaterThan(1_500);
  });

  it("splits a script of whole statements where they were joined, however they are broken into lines", () => {
    const statement = fc.oneof(
      fc.string().map((text) => `select '${text.replaceAll("\0", "").replaceAll("'", "''")}'`),
      fc.string().map((text) => `select E'${text.replaceAll("\0", "").replace(/['\\]/g, "\\$&")}' as x`),
      fc.string().map((text) => `select 1 as "${text.replaceAll("\0", "").replaceAll('"', '""')}"`),
      fc.string().map((text) => `do $body$${text.replaceAll("$", "")}$body$`),
      fc.string().map((text) => `select 2 /* ${text.replace(/[*/]/g, "")} /* ; */ */ + 3`),
      fc.string().map((text) => `select 4 -- ${text.replace(/[\r\n]/g, "")};\n + 5`),
      fc.constant("create rule r as on insert to t do (select 1; select 2)"),
      fc.constant(
        "create or replace function f() returns int begin atomic select 1; select case when true then 2 end; end",
      ),
    );
    fc.assert(
      fc.property(fc.array(statement), (all) => {
        const { statements, rest, unfinished } = split(all.map((text) => `\n${text};`).join(" "));
        expect(statements).toEqual(all);
        expect(rest).toBeUndefined();
        expect(unfinished).toBe("=");
      }),
    );
  });

  it("says what is open", () => {
    const open = {
      "select 1; -- done": "=",
      select: "-",
      "select 'a": "'",
      "select E'a\\'": "'",
      'select "a': '"',
      "select $x$ $$ ": "$",
      "select /* /* */": "*",
      "select (1;": "(",
      "/* comment alone */ -- and another": "=",
      ";;": "=",
    };
    for (const [text, sign] of Object.entries(open))
      expect([text, split(text).unfinished]).toEqual([text, sign]);
  });

  it("goes on with an escape string on the next line, as PostgreSQL does", () => {
    expect(split("select E'a' -- comment\n  'b\\';c'; select 2;").statements).toEqual([
      "select E'a' -- comment\n  'b\\';c'",
      "select 2",
    ]);
  });

  it("takes begin for a transaction's outside of a routine", () => {
    expect(split("begin; select 1; end; select 2;").statements).toEqual([
      "begin",
      "select 1",
      "end",
      "select 2",
    ]);
  });

  it("begins anew after what was cleared", () => {
    const splitter = new SqlSplitter();
    splitter.push("select ('$x$ \n");
    splitter.clear();
    expect(splitter.push("select 1;\n")).toEqual(["select 1"]);
  });
});

function isCode({ tokenName }: { tokenName: string }): boolean {
  return tokenName !== "SQL_COMMENT" && tokenName !== "C_COMMENT";
}
