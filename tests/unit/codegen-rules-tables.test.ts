import { describe, expect, it } from "vitest";
import { CODE_RULES } from "../../codegen/code-rules.js";
import { checkFixture, checkSchema, PRELUDE } from "../fixtures/codegen/check-fixture.js";

const clean = `export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);\n`;

describe("table-not-declared", () => {
  it("finds a table without withTenantRls, by file and line, and nothing once it is there", async () => {
    const bare = clean.replace("withTenantRls(t)", "");
    expect(await checkSchema(clean)).toEqual([]);
    expect(await checkSchema(bare)).toEqual(["table-not-declared notes 1"]);
  });

  it.each([
    [
      "pgSchema",
      `const app = pg.pgSchema("app");\nexport const t = app.table("notes", { id: uuid() });\n`,
      "app.notes 2",
    ],
    [
      "pgTableCreator",
      `const make = pg.pgTableCreator((n) => "p_" + n);\nexport const t = make("notes", { id: uuid() });\n`,
      "p_notes 2",
    ],
    ["enableRLS()", `export const t =\n  pgTable("notes", { id: uuid() }).enableRLS();\n`, "notes 2"],
    ["a namespace", `export const t = pg.pgTable("notes", { id: pg.uuid() });\n`, "notes 1"],
    [
      "an export under another name",
      `\nconst inner = pgTable("notes", { id: uuid() });\nexport { inner as outer };\n`,
      "notes 2",
    ],
    [
      "a default export",
      `const inner = pgTable("notes", { id: uuid() });\nexport default inner;\n`,
      "notes 1",
    ],
    ["a default export without a name", `export default pgTable("notes", { id: uuid() });\n`, "notes 1"],
    [
      "a helper",
      `const make = (n: string) => pgTable(n, { id: uuid() });\n\nexport const t = make("notes");\n`,
      "notes 3",
    ],
    [
      "destructuring",
      `const all = { notes: pgTable("notes", { id: uuid() }) };\nexport const { notes } = all;\n`,
      "notes 1",
    ],
    ["snakeCase", `export const t = pg.snakeCase.table("notes", { id: uuid() });\n`, "notes ?"],
  ])("gives the place of a table made by %s", async (how, text, found) => {
    const [finding] = await checkSchema(text);
    if (how === "snakeCase") expect(finding).toMatch(/^table-not-declared notes/);
    else expect(finding).toBe(`table-not-declared ${found}`);
  });

  it("finds tables that are made in a loop, and gives what place it knows", async () => {
    const text = `const all = ["a", "b"].map((name) => pgTable(name, { id: uuid() }));
export const [first, second] = all;
`;
    expect((await checkSchema(text)).map((finding) => finding.split(" ").slice(0, 2).join(" "))).toEqual([
      "table-not-declared a",
      "table-not-declared b",
    ]);
  });

  it("is silent about a global table, whose reason is given", async () => {
    const text = `export const plans = pgTable("plans", { id: uuid("id").primaryKey() }, (t) => [globalTable(t, { reason: "prices" })]);\n`;
    expect(await checkSchema(text)).toEqual([]);
  });
});

describe("table-not-exported", () => {
  const entry = `export * from "./creators.js";\nexport * from "./notes.js";\n`;
  const files = { "schema/creators.ts": PRELUDE, "schema/notes.ts": PRELUDE + clean };
  const notes = (text: string) =>
    `import { pgTable } from "drizzle-orm/pg-core";\nimport { tenantKey, withTenantRls } from "tenantry";\n${text}`;

  it("finds a table whose file the entry forgets", async () => {
    const fixture = { ...files, "schema/notes.ts": notes(clean), "schema/index.ts": entry };
    expect(await checkFixture({ files: fixture })).toEqual([]);
    const found = await checkFixture({
      files: { ...fixture, "schema/index.ts": `export * from "./creators.js";\n` },
    });
    expect(found).toMatchObject([
      { rule: "table-not-exported", subject: "notes", file: "schema/notes.ts", line: 3, column: 22 },
    ]);
  });

  it("finds a table that its file does not export", async () => {
    expect(await checkSchema(clean.replace("export ", ""))).toEqual(["table-not-exported notes 1"]);
  });

  it("finds a view, an enum and a linked policy that nobody exports", async () => {
    const text = `export const anchor = 1;
const kind = pg.pgEnum("kind", ["a"]);
const names = pgView("names").with({ securityInvoker: true }).as((q) => q.select().from(creators));
const extra = pgPolicy("extra", { to: "app_tenant", for: "select" }).link(creators);
`;
    expect(await checkSchema(text)).toEqual([
      "table-not-exported kind 2",
      "table-not-exported names 3",
      "table-not-exported extra 4",
    ]);
  });

  it("is silent about what a function makes, what is only described, and the policies of a table", async () => {
    const text = `export function scratch() { return pgTable("scratch", { id: uuid() }); }
const others = pgView("others", { id: uuid() }).existing();
export const used = [others];
`;
    expect(await checkSchema(text)).toEqual([]);
  });

  it("does not look for tables beside an entry file that is no index of its folder", async () => {
    const found = await checkFixture({
      files: { "src/schema.ts": PRELUDE, "src/tables.ts": notes(clean), "src/other/tables.ts": notes(clean) },
      schemaFiles: ["src/schema.ts"],
    });
    expect(found).toEqual([]);
  });
});

describe("tenant-column-invalid", () => {
  const table = (column: string) => `export const notes = pgTable("notes", {
  creatorId: ${column},
  id: uuid("id").notNull(),
}, (t) => [withTenantRls(t), index().on(t.creatorId)]);
`;
  const context = "sql`cast(nullif(current_setting('app.creator_id', true), '') as uuid)`";

  it.each([
    ["may be null", `uuid("creator_id").default(${context})`],
    ["is of another type than the root's id", `integer("creator_id").notNull()`],
    ["has another default than the context", `uuid("creator_id").notNull()`],
  ])("finds a tenant column that %s", async (_, column) => {
    expect(await checkSchema(table(column))).toEqual(["tenant-column-invalid notes.creator_id 2"]);
  });

  it("finds a table that has none, where its extra configuration throws", async () => {
    const text = `export const notes = pgTable("notes", { id: uuid("id").primaryKey() }, (t) => [withTenantRls(t as never)]);\n`;
    expect(await checkSchema(text)).toEqual(["tenant-column-invalid notes 1"]);
  });

  it("is silent about a column by hand that is right, and one that only the primary key makes not null", async () => {
    expect(await checkSchema(table(`uuid("creator_id").notNull().default(${context})`))).toEqual([]);
    const keyed = table(`uuid("creator_id").default(${context})`).replace(
      "index().on(t.creatorId)",
      "primaryKey({ columns: [t.creatorId, t.id] })",
    );
    expect(await checkSchema(keyed)).toEqual([]);
  });
});

describe("table-unreadable", () => {
  it("finds a table whose extra configuration throws", async () => {
    const text = `export const notes = pgTable("notes", { ...tenantKey() }, () => { throw new Error("no luck"); });\n`;
    expect(await checkSchema(text)).toEqual(["table-unreadable notes 1"]);
  });
});

describe("views", () => {
  const global = `export const plans = pgTable("plans", { id: uuid("id").primaryKey() }, (t) => [globalTable(t, { reason: "prices" })]);\n`;

  it("finds a view that reads tenant rows as its owner, also through another view", async () => {
    const text = `export const names = pgView("names").as((q) => q.select().from(creators));
export const through = pgView("through", { name: text("name") }).as(sql\`select name from names\`);
`;
    expect(await checkSchema(text)).toEqual([
      "view-not-security-invoker names 1",
      "view-not-security-invoker through 2",
    ]);
  });

  it("is silent about a view that reads as whoever asks, one of global tables, and one that exists already", async () => {
    const text = `${global}
export const names = pgView("names").with({ securityInvoker: true }).as((q) => q.select().from(creators));
export const prices = pgView("prices").as((q) => q.select().from(plans));
export const old = pgView("old", { id: uuid() }).existing();
`;
    expect(await checkSchema(text)).toEqual([]);
  });

  it("finds a materialized view of tenant rows, and not one of global rows", async () => {
    const text = `${global}export const counted = pgMaterializedView("counted").as((q) => q.select().from(creators));
export const priced = pgMaterializedView("priced").as((q) => q.select().from(plans));
`;
    expect(await checkSchema(text)).toEqual(["materialized-view-of-tenant-rows counted 2"]);
  });
});

describe("a rule that throws", () => {
  it("is a finding of its own, and never silence", async () => {
    const { checkCode } = await import("../../codegen/check-code.js");
    const { parseTenancySettings } = await import("../../src/core/tenancy-settings.js");
    const broken = {
      id: "broken",
      threats: [],
      check: () => {
        throw new Error("oh");
      },
    };
    const options = { directory: "/", schemaFiles: [], exports: {}, settings: parseTenancySettings({}) };
    expect(await checkCode(options, [broken])).toMatchObject([
      { rule: "rule-failed", level: "error", subject: "broken" },
    ]);
  });
});

describe("every rule", () => {
  it("has an id in kebab-case that no other has", () => {
    const ids = CODE_RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)+$/);
  });
});
