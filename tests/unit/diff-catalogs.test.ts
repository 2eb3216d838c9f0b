import { describe, expect, it } from "vitest";
import type { Catalog, Relation } from "../../src/catalog/catalog.js";
import { diffCatalogs } from "../../src/catalog/diff-catalogs.js";
import { readFacts } from "../../src/catalog/facts.js";
import type { Surroundings } from "../../src/catalog/surroundings.js";

const relation = (more: Partial<Relation> = {}): Relation => ({
  schema: "public",
  name: "notes",
  kind: "table",
  owner: "migrator",
  options: [],
  viewDefinition: null,
  rowSecurity: true,
  forced: true,
  policies: [{ name: "p", permissive: true, command: "all", roles: ["app_tenant"], using: "E", check: "E" }],
  grants: [{ role: "app_tenant", privileges: ["SELECT"] }],
  columnGrants: [],
  triggers: [],
  columns: [],
  constraints: [],
  indexes: [],
  ...more,
});
const around: Surroundings = {
  roles: [],
  memberships: [],
  database: { name: "app", owner: "migrator", grants: [] },
  schemas: [],
  defaultPrivileges: [],
  elsewhere: [],
  viewReads: [],
  children: [],
  rules: [],
  functions: [],
  publications: [],
  policyUses: [],
  extensions: [],
  sequences: [],
  expressionUses: [],
  settings: [],
  openings: [],
  largeObjects: [],
  largeObjectsUnchecked: false,
  jobs: [],
};
const catalog = (...relations: Relation[]): Catalog => ({
  around,
  schemas: [],
  relations,
  functions: [],
  enums: [],
  roles: [],
});
const unique = (name: string, definition = "UNIQUE (a)") => ({
  name,
  type: "unique" as const,
  definition,
  columns: ["a"],
  foreignTable: null,
  valid: true,
});

describe("diffCatalogs", () => {
  it("finds nothing between a catalog and itself", () => {
    expect(diffCatalogs(catalog(relation()), catalog(relation()))).toEqual([]);
  });

  it.each<[string, Partial<Relation>, string]>([
    ["row security off", { rowSecurity: false }, 'row security of "public"."notes"'],
    ["not forced", { forced: false }, 'row security of "public"."notes"'],
    ["a policy gone", { policies: [] }, 'policy "p" on "public"."notes"'],
    [
      "a grant widened",
      { grants: [{ role: "app_tenant", privileges: ["SELECT", "TRUNCATE"] }] },
      'grant on "public"."notes" to "app_tenant"',
    ],
    [
      "a policy for one more role",
      {
        policies: [
          { name: "p", permissive: true, command: "all", roles: ["app_tenant", "x"], using: "E", check: "E" },
        ],
      },
      'policy "p" on "public"."notes"',
    ],
    [
      "a trigger disabled",
      { triggers: [{ name: "t", definition: "T", enabled: "D" }] },
      'trigger "t" on "public"."notes"',
    ],
    [
      "an index that is not valid",
      { indexes: [{ name: "i", definition: "I", unique: false, valid: false, columns: [] }] },
      'index "public"."i"',
    ],
  ])("finds %s, and nothing else", (_, more, key) => {
    const demanded = relation({
      triggers: more.triggers === undefined ? [] : [{ name: "t", definition: "T", enabled: "O" }],
      indexes:
        more.indexes === undefined
          ? []
          : [{ name: "i", definition: "I", unique: false, valid: true, columns: [] }],
    });
    expect(
      diffCatalogs(catalog(demanded), catalog(relation(more))).map((difference) => difference.key),
    ).toEqual([key]);
  });

  it("is not misled by the owner: it differs from server to server", () => {
    expect(diffCatalogs(catalog(relation()), catalog(relation({ owner: "another" })))).toEqual([]);
  });

  it("lets a constraint keep an old name, of the same table alone", () => {
    const demanded = relation({ constraints: [unique("notes_a_unique")] });
    const actual = relation({ constraints: [unique("old_a_unique")] });
    expect(diffCatalogs(catalog(demanded), catalog(actual))).toEqual([]);
    expect(
      diffCatalogs(
        catalog(demanded),
        catalog(relation({ constraints: [unique("old_a_unique", "UNIQUE (b)")] })),
      ),
    ).toHaveLength(2);
    const other = relation({ name: "other", constraints: [unique("old_a_unique")] });
    const differences = diffCatalogs(
      catalog(demanded, relation({ name: "other" })),
      catalog(relation(), other),
    );
    expect(differences.map(({ key }) => key)).toEqual([
      'constraint "notes_a_unique" on "public"."notes"',
      'constraint "old_a_unique" on "public"."other"',
    ]);
  });
});

describe("readFacts", () => {
  it("gives every fact a key of its own, however names are chosen", () => {
    const odd = (schema: string, name: string) =>
      relation({
        schema,
        name,
        policies: [
          { name: 'a" on "b', permissive: true, command: "all", roles: [], using: null, check: null },
        ],
      });
    const facts = readFacts(catalog(odd('a"."b', "c"), odd("a", 'b"."c'), odd("a.b", "c"), odd("a", "b.c")));
    expect(new Set(facts.map(({ key }) => key)).size).toBe(facts.length);
  });

  it("says how to take away what is granted to a role, and to everybody", () => {
    const grants = [
      { role: 'O"Neil', privileges: ["SELECT"] },
      { role: "PUBLIC", privileges: ["SELECT"] },
    ];
    expect(readFacts(catalog(relation({ grants }))).flatMap(({ removal }) => removal ?? [])).toEqual([
      'revoke all on "public"."notes" from "O""Neil"',
      'revoke all on "public"."notes" from public',
    ]);
  });
});
