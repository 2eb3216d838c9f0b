import { describe, expect, it } from "vitest";
import { NO_DIRECTIVES, parseDirectives, parseDuration } from "../../src/migrate/folder/directives.js";

describe("the directives of a migration", () => {
  it("are read from the comment lines at the top, whatever the line ends", () => {
    const lines = [
      "-- adds orders",
      "-- tenantry: no-transaction",
      "",
      "  --tenantry:lock_timeout=5s",
      "-- tenantry: statement_timeout = 1.5min",
      "-- tenantry: keeps-rows orders",
      '-- tenantry: keeps-rows "My ""odd"".Schema"."Tabelle Ä"',
      "create index concurrently on orders (id);",
    ];
    for (const end of ["\n", "\r\n"]) {
      expect(parseDirectives(lines.join(end), "migration.sql")).toEqual({
        noTransaction: true,
        lockTimeout: 5000,
        statementTimeout: 90_000,
        keepsRows: ["orders", '"My ""odd"".Schema"."Tabelle Ä"'],
      });
    }
  });

  it("are none in a file without them, and the markers of the completion are none", () => {
    expect(parseDirectives("", "f")).toEqual(NO_DIRECTIVES);
    expect(parseDirectives("select 1;", "f")).toEqual(NO_DIRECTIVES);
    const completed = "-- tenantry: what the statements below need\nselect 1;\n-- tenantry: end\n";
    expect(parseDirectives(completed, "f")).toEqual(NO_DIRECTIVES);
  });

  it("keep a limit of 0, which is none", () => {
    expect(parseDirectives("-- tenantry: lock_timeout=0", "f").lockTimeout).toBe(0);
  });

  it.each([
    ["an unknown one", "-- x\n-- tenantry: no-transactions", 'm.sql:2: "no-transactions" is no directive.'],
    ["a bad duration", "-- tenantry: lock_timeout=5 parsecs", "m.sql:1: .* is no duration"],
    [
      "a duration that would become no limit",
      "-- tenantry: lock_timeout=100us",
      "m.sql:1: .* is no duration",
    ],
    [
      "one given twice",
      "-- tenantry: no-transaction\n-- tenantry: no-transaction",
      "m.sql:2: .* is given twice",
    ],
    ["two on a line", "-- tenantry: keeps-rows a, b", "m.sql:1: .* names no table"],
    [
      "one below a statement",
      "select 1;\r\n\r\n  -- tenantry: lock_timeout=5s\r\nselect 2;",
      'm.sql:3: "lock_timeout=5s" stands below the first statement',
    ],
    [
      "one below a breakpoint",
      "-- empty\n--> statement-breakpoint\n-- tenantry: no-transaction",
      "m.sql:3: .* stands below",
    ],
  ])("refuses %s, and names file and line", (_, sql, message) => {
    expect(() => parseDirectives(sql, "m.sql")).toThrow(new RegExp(message));
  });
});

describe("a duration", () => {
  it.each([
    ["0", 0],
    ["250", 250],
    ["500ms", 500],
    ["5s", 5000],
    ["5 s", 5000],
    ["10min", 600_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["2000us", 2],
    ["", undefined],
    ["5S", undefined],
    ["-1s", undefined],
    ["1e3", undefined],
    ["25d", undefined],
  ])("%j is %j milliseconds", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });
});
