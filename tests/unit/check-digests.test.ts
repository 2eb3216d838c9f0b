import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, pgPolicy, pgTable, text } from "drizzle-orm/pg-core";
import { expect, it } from "vitest";
import { digestData } from "../../src/cli/cache/digest-data.js";
import { identifyEngine } from "../../src/cli/cache/engine-identity.js";
import { digestObjects } from "../../src/cli/check/digest-objects.js";

type Choice = {
  readonly name?: string;
  readonly column?: string;
  readonly fallback?: number;
  readonly using?: string;
  readonly limit?: number;
  readonly indexed?: "a" | "b";
  readonly target?: "one" | "other";
};

/** The same source each time: what differs is only what it evaluates to. */
function build({ name, column, fallback, using, limit, indexed, target }: Choice) {
  const parents = {
    one: pgTable("one", { id: integer("id").primaryKey() }),
    other: pgTable("other", { id: integer("id").primaryKey() }),
  };
  const notes = pgTable(
    name ?? "notes",
    { a: integer(column ?? "a").default(fallback ?? 0), b: text("b") },
    (t) => [
      pgPolicy("p", { using: sql.raw(using ?? "false") }),
      check("c", sql`${t.a} < ${sql.raw(String(limit ?? 5))}`),
      index("i").on(t[indexed ?? "a"]),
      foreignKey({ columns: [t.a], foreignColumns: [parents[target ?? "one"].id] }),
    ],
  );
  return { "0:notes": notes, "0:one": parents.one, "0:other": parents.other };
}

it("gives the same digest for the same schema, loaded twice", () => {
  expect(digestObjects(build({}))).toBe(digestObjects(build({})));
});

it.each<[string, Choice]>([
  ["the name of a table", { name: "other_notes" }],
  ["the name of a column", { column: "z" }],
  ["a default", { fallback: 1 }],
  ["a policy", { using: "true" }],
  ["a check", { limit: 6 }],
  ["the column of an index", { indexed: "b" }],
  ["what a foreign key refers to", { target: "other" }],
])("gives another digest where %s is another", (_, choice) => {
  expect(digestObjects(build(choice))).not.toBe(digestObjects(build({})));
});

it("tells data apart that JSON does not, and refuses what cannot be told apart", () => {
  const values = [new Map([[1, 2]]), new Map(), {}, { a: undefined }, [undefined], [null], 1n, 1];
  expect(new Set(values.map(digestData)).size).toBe(values.length);
  expect(() => digestData({ decide: () => true })).toThrow(/could not be cloned/);
});

it("stands for the rules as they are", () => {
  expect(identifyEngine()).toMatch(/^[0-9a-f]{64}$/);
});
