import fc from "fast-check";
import { loadModule, parseSync } from "libpg-query";
import { beforeAll, describe, expect, it } from "vitest";
import { fitIdentifier, qualify, quoteIdentifier, quoteLiteral } from "../../src/core/identifiers.js";

beforeAll(loadModule);

/** What PostgreSQL's own parser reads from `select <sql>`. */
function parseTarget(sql: string): unknown {
  const { stmts } = parseSync(`select ${sql}`) as {
    stmts: { stmt: { SelectStmt: { targetList: unknown[] } } }[];
  };
  expect(stmts).toHaveLength(1);
  const targets = stmts[0]?.stmt.SelectStmt.targetList as { ResTarget: { val: unknown } }[];
  expect(targets).toHaveLength(1);
  return targets[0]?.ResTarget.val;
}

/** Any text that PostgreSQL can store; the parser cuts names at 63 bytes. */
const text = (maxBytes: number) =>
  fc
    .string({ unit: "grapheme", maxLength: 60 })
    .map((value) => value.replaceAll("\0", ""))
    .filter((value) => value !== "" && Buffer.byteLength(value) <= maxBytes);
const hostile = fc.constantFrom(
  '"',
  '""',
  "'",
  "''",
  "\\",
  "\\'",
  "'; drop table x; --",
  '"; --',
  "$$",
  "\n",
  "/*",
  "E'",
  "%s",
  "\u0301",
  "💣",
);
const name = fc.oneof(
  text(63),
  fc
    .array(hostile, { minLength: 1, maxLength: 6 })
    .map((parts) => parts.join(""))
    .filter((value) => Buffer.byteLength(value) <= 63),
);

describe("quoteIdentifier", () => {
  it("gives PostgreSQL the very name, and nothing else", () => {
    fc.assert(
      fc.property(name, (value) => {
        expect(parseTarget(quoteIdentifier(value))).toMatchObject({
          ColumnRef: { fields: [{ String: { sval: value } }] },
        });
      }),
    );
  });

  it("keeps the two parts of a qualified name apart", () => {
    fc.assert(
      fc.property(name, name, (schema, table) => {
        expect(parseTarget(qualify(schema, table))).toMatchObject({
          ColumnRef: { fields: [{ String: { sval: schema } }, { String: { sval: table } }] },
        });
      }),
    );
  });

  it.each(["", "a\0b"])("refuses %j", (value) => {
    expect(() => quoteIdentifier(value)).toThrow(RangeError);
  });
});

describe("quoteLiteral", () => {
  it("gives PostgreSQL the very text, and nothing else", () => {
    fc.assert(
      fc.property(fc.oneof(name, text(200), fc.constant("")), (value) => {
        const { A_Const } = parseTarget(quoteLiteral(value)) as { A_Const: { sval: { sval?: string } } };
        expect(A_Const.sval.sval ?? "").toBe(value);
      }),
    );
  });

  it("keeps its distance from the word before it", () => {
    expect(parseTarget(`x${quoteLiteral("a\\b")}`)).toBeDefined();
  });

  it("refuses a NUL character", () => {
    expect(() => quoteLiteral("a\0b")).toThrow(RangeError);
  });
});

describe("fitIdentifier", () => {
  const suffix = fc.constantFrom("", "_tenant", "_floor", "_admin", "_pkey", "_fk");
  const base = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 120 }),
    fc.string({ minLength: 50, maxLength: 70 }),
  );

  it("always fits into 63 bytes, ends in the suffix, and is well-formed", () => {
    fc.assert(
      fc.property(base, suffix, (one, end) => {
        const fitted = fitIdentifier(one, end);
        expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(63);
        expect(fitted.endsWith(end)).toBe(true);
        expect(fitted).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });

  it("keeps a name that fits, and two that differ apart", () => {
    fc.assert(
      fc.property(base, base, suffix, (one, other, end) => {
        if (Buffer.byteLength(one + end) <= 63) expect(fitIdentifier(one, end)).toBe(one + end);
        if (one !== other) expect(fitIdentifier(one, end)).not.toBe(fitIdentifier(other, end));
      }),
    );
  });

  it("keeps apart two long names that differ at their end", () => {
    const long = "x".repeat(62);
    const fitted = ["a", "b", "aa", ""].map((end) => fitIdentifier(long + end, "_tenant"));
    expect(new Set(fitted).size).toBe(4);
  });
});
