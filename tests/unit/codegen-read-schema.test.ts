import { describe, expect, it } from "vitest";
import { PRELUDE, PRELUDE_LINES, readFixture } from "../fixtures/codegen/check-fixture.js";

const model = async (text: string) => await readFixture({ files: { "schema/index.ts": PRELUDE + text } });
const lineOf = (place: { readonly line: number } | undefined) =>
  place === undefined ? undefined : place.line - PRELUDE_LINES;

describe("readSchema", () => {
  it("gives every part of a table its line", async () => {
    const text = `const stamps = () => ({ createdAt: pg.timestamp("created_at") });
export const notes = pgTable("notes", {
  ...tenantKey(),
  ...stamps(),
  title: text("title").notNull(),
  parentId: uuid("parent_id"),
  kind: text("kind").unique(),
}, (t) => [
  withTenantRls(t),
  tenantForeignKey(t, { columns: [], foreignColumns: [creators.id] }),
  tenantForeignKey(t, { columns: [t.parentId], foreignColumns: [t.id], onDelete: "set null" }),
  index("notes_title_idx").on(t.creatorId, t.title),
  index().on(t.creatorId, t.kind),
  pgPolicy("own", { as: "restrictive", using: sql\`true\` }),
]);
`;
    const notes = (await model(text)).tables.find(({ name }) => name === "notes");
    const lines = (parts: readonly { name: string; place: { line: number } | undefined }[] = []) =>
      Object.fromEntries(parts.map(({ name, place }) => [name, lineOf(place)]));
    expect(lineOf(notes?.place)).toBe(2);
    expect(lineOf(notes?.declaredAt)).toBe(9);
    expect(lines(notes?.columns)).toEqual({
      creator_id: 3,
      id: 3,
      created_at: 4,
      title: 5,
      parent_id: 6,
      kind: 7,
    });
    expect(lines(notes?.keys)).toEqual({
      notes_kind_key: 7,
      notes_pkey: 9,
      notes_title_idx: 12,
      notes_creator_id_kind_index: 13,
    });
    expect(lines(notes?.foreignKeys)).toEqual({ notes_creator_id_fk: 10, notes_parent_id_fk: 11 });
    expect(lines(notes?.policies)).toEqual({ notes_tenant: 9, notes_floor: 9, notes_admin: 9, own: 14 });
    expect(notes?.foreignKeys[1]?.nulled).toEqual(["parent_id"]);
  });

  it("knows views, enums, sequences and roles", async () => {
    const text = `export const kind = pg.pgEnum("kind", ["a"]);
export const counter = pg.pgSequence("counter");
export const reader = pgRole("reader").existing();
export const names = pgView("names").with({ securityInvoker: true }).as((q) => q.select().from(creators));
export const counts = pgMaterializedView("counts").as((q) => q.select().from(creators));
`;
    const { objects, views } = await model(text);
    expect(objects.map(({ kind, name, place }) => [kind, name, lineOf(place)])).toEqual(
      expect.arrayContaining([
        ["enum", "kind", 1],
        ["sequence", "counter", 2],
        ["role", "reader", 3],
      ]),
    );
    expect(
      views.map(({ name, materialized, securityInvoker, place }) => [
        name,
        materialized,
        securityInvoker,
        lineOf(place),
      ]),
    ).toEqual(
      expect.arrayContaining([
        ["names", false, true, 4],
        ["counts", true, false, 5],
      ]),
    );
  });

  it("adds a policy that is linked from elsewhere to its table", async () => {
    const text = `export const more = pgPolicy("more", { using: sql\`false\` }).link(creators);\n`;
    const [creators] = (await model(text)).tables;
    expect(creators?.policies.map(({ name }) => name)).toContain("more");
  });

  it("follows exports through files, under other names, and counts a table once", async () => {
    const { tables } = await readFixture({
      files: {
        "schema/index.ts": `export * from "./all.js";\nexport { people as persons } from "./people.js";\n`,
        "schema/all.ts": `export { default as people } from "./people.js";\n`,
        "schema/people.ts": `import { pgTable as table, uuid } from "drizzle-orm/pg-core";

const made = table("people", { id: uuid() });
export { made as people };
export default made;
`,
      },
    });
    expect(tables.map(({ name, place }) => [name, place?.file, place?.line])).toEqual([
      ["people", "schema/people.ts", 3],
    ]);
  });

  it("reads the type of an array with its dimensions", async () => {
    const { tables } = await model(`export const t = pgTable("t", { tags: text("tags").array() });\n`);
    expect(tables.flatMap(({ columns }) => columns.map(({ sqlType }) => sqlType))).toContain("text[]");
  });
});
