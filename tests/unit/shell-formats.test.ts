import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRawReply, formatReply, replyToJson } from "../../src/cli/shell/format-reply.js";
import { formatResult } from "../../src/cli/shell/format-rows.js";
import { redisCliArgs } from "../../src/cli/shell/redis-cli.js";
import { parseRedisTarget, resolveRedisTarget } from "../../src/cli/shell/redis-target.js";
import { requireOneStatement } from "../../src/cli/shell/require-one-statement.js";
import { splitWords } from "../../src/cli/shell/split-words.js";
import type { SqlResult } from "../../src/cli/shell/sql-session.js";
import { nextTransactionState } from "../../src/cli/shell/transaction-state.js";

const select = (columns: string[], rows: (string | null)[][]): SqlResult => ({
  command: "SELECT",
  columns,
  rows,
  count: rows.length,
  copied: "",
});

describe("rows", () => {
  it("are aligned, wide characters counted as two, NULL shown as nothing", () => {
    expect(
      formatResult(
        select(
          ["a", "name"],
          [
            ["1", "é💧"],
            [null, "xyzabc"],
          ],
        ),
      ),
    ).toBe(["a  name", "-  ------", "1  é💧", "   xyzabc", "(2 rows)"].join("\n"));
  });

  it("go over several lines where a value does", () => {
    expect(formatResult(select(["a", "b"], [["1\n2", "x"]]))).toBe(
      ["a   b", "--  -", "1+  x", "2", "(1 row)"].join("\n"),
    );
  });

  it("cannot move the cursor", () => {
    expect(formatResult(select(["\u001b[2J"], [["a\u001b]0;x\u0007\u009b\r"]]))).toBe(
      ["\\x1B[2J", "-------------------", "a\\x1B]0;x\\x07\\x9B\\r", "(1 row)"].join("\n"),
    );
  });

  it("may be hundreds of thousands, all in columns of one width", () => {
    const rows = Array.from({ length: 150_000 }, (_, index) => [String(index), "x"]);
    const lines = formatResult(select(["n", "x"], rows)).split("\n");
    expect(lines).toHaveLength(150_003);
    expect(lines.slice(0, 3)).toEqual(["n       x", "------  -", "0       x"]);
    expect(lines.at(-2)).toBe("149999  x");
  });

  it("may have no columns", () => {
    expect(formatResult(select([], [[]]))).toBe("(1 row)");
  });

  it("of a change are followed by its tag; a statement without rows is its tag alone", () => {
    const insert = { command: "INSERT", columns: ["id"], rows: [["1"]], count: 1, copied: "" };
    expect(formatResult(insert)).toBe("id\n--\n1\n(1 row)\nINSERT 0 1");
    const none = { columns: undefined, rows: [], copied: "" };
    expect(formatResult({ ...none, command: "UPDATE", count: 3 })).toBe("UPDATE 3");
    expect(formatResult({ ...none, command: "CREATE TABLE", count: undefined })).toBe("CREATE TABLE");
  });
});

describe("the state of the transaction", () => {
  it("follows the tags", () => {
    expect(nextTransactionState("none", "BEGIN", "begin")).toBe("open");
    expect(nextTransactionState("open", "SELECT", "select 1")).toBe("open");
    expect(nextTransactionState("open", undefined, "select x")).toBe("failed");
    expect(nextTransactionState("failed", "ROLLBACK", "rollback to savepoint a")).toBe("open");
    expect(nextTransactionState("failed", "ROLLBACK", "commit")).toBe("none");
    expect(nextTransactionState("open", "COMMIT", "commit and chain")).toBe("open");
    expect(nextTransactionState("none", undefined, "select x")).toBe("none");
  });
});

describe("--command", () => {
  it("takes one statement, with or without a semicolon and comments", () => {
    expect(requireOneStatement(" select ';' ; -- done")).toBe("select ';'");
    expect(requireOneStatement("select 1")).toBe("select 1");
    for (const text of ["", "-- nothing", "select 1; select 2"])
      expect(() => requireOneStatement(text)).toThrow(/takes one statement/);
  });
});

describe("Redis answers", () => {
  it("are shown as redis-cli shows them", () => {
    const reply = [Buffer.from('say "hi"\n'), null, 3, [Buffer.from("é"), []], new Error("ERR no")];
    expect(formatReply(reply)).toBe(
      [
        '1) "say \\"hi\\"\\n"',
        "2) (nil)",
        "3) (integer) 3",
        '4) 1) "é"',
        "   2) (empty array)",
        "5) (error) ERR no",
      ].join("\n"),
    );
    expect(formatReply(Buffer.from([0xff, 0x41, 0]))).toBe('"\\xffA\\x00"');
    expect(formatReply(Buffer.from("OK"))).toBe("OK");
    expect(formatReply(Array.from({ length: 10 }, () => 1)).split("\n")[0]).toBe(" 1) (integer) 1");
  });

  it("go raw into a pipe, and as values into JSON", () => {
    const reply = [Buffer.from("a"), null, [1, Buffer.from([0xff])]];
    expect(formatRawReply(reply)).toEqual(Buffer.from([0x61, 0x0a, 0x0a, 0x31, 0x0a, 0xff]));
    expect(replyToJson(reply)).toEqual(["a", null, [1, "\ufffd"]]);
  });
});

describe("a Redis command line", () => {
  it("is split at spaces, quotes respected", () => {
    expect(splitWords(` set k "a\\x41\\n\\"" 'it\\'s \\n' `)?.map(String)).toEqual([
      "set",
      "k",
      'aA\n"',
      "it's \\n",
    ]);
    expect(splitWords('get "\\xff"')?.[1]).toEqual(Buffer.from([0xff]));
    expect(splitWords('set k ""')?.map(String)).toEqual(["set", "k", ""]);
    for (const line of ['get "a', "get 'a", 'get "a"b']) expect(splitWords(line)).toBeUndefined();
  });

  it("takes any bytes in double quotes back out", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (words) => {
        const line = words.map(
          (word) => `"${[...word].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`,
        );
        expect(splitWords(line.join(" "))).toEqual(words.map((word) => Buffer.from(word)));
      }),
    );
  });

  it("never loses a character outside of quotes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, unit: fc.constantFrom(..."a\\xé💧\u00a0-*") })),
        (words) => {
          expect(splitWords(words.join("  "))?.map(String)).toEqual(
            words.map((word) => Buffer.from(word).toString()),
          );
        },
      ),
    );
  });
});

describe("a Redis URL", () => {
  it("becomes options without the password", () => {
    const target = parseRedisTarget("rediss://me:p%20w@cache.example:6380/2");
    expect(target.password).toBe("p w");
    expect(redisCliArgs(target)).toEqual([
      "-h",
      "cache.example",
      "-p",
      "6380",
      "-n",
      "2",
      "--user",
      "me",
      "--tls",
      "--sni",
      "cache.example",
    ]);
    expect(redisCliArgs(parseRedisTarget("redis://[::1]"))).toEqual(["-h", "::1", "-p", "6379", "-n", "0"]);
  });

  it("is refused without being repeated", () => {
    for (const url of ["http://:secret@x", "redis://:secret@x/abc", "secret"])
      expect(() => parseRedisTarget(url)).toThrow(/^REDIS_URL is not a Redis URL\.$/);
  });

  it("must be given outside of development", () => {
    expect(resolveRedisTarget({ environment: "development", variables: {} }).host).toBe("127.0.0.1");
    expect(() => resolveRedisTarget({ environment: "production", variables: {} })).toThrow(/not set/);
  });
});
