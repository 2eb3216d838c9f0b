import { describe, expect, it } from "vitest";
import { plural, singular } from "../../codegen/english.js";
import { listRelations } from "../../codegen/list-relations.js";
import { PRELUDE, readFixture } from "../fixtures/codegen/check-fixture.js";

const relations = async (text: string) =>
  listRelations(await readFixture({ files: { "schema/index.ts": PRELUDE + text } })).map(
    ({ name, cardinality, from, to }) => `${from.exportName}.${name} = ${cardinality} ${to.exportName}`,
  );

const people = `export const people = pgTable("people", { ...tenantKey() }, (t) => [withTenantRls(t)]);\n`;
const letters = (extra: string, comment = "") => `${people}export const letters = pgTable("letters", {
  ...tenantKey(),
  senderId: uuid("sender_id").notNull(),
  receiverId: uuid("receiver_id").notNull(),
  sender: text("sender"),
}, (t) => [
  withTenantRls(t),
  ${comment}
  tenantForeignKey(t, { columns: [t.receiverId], foreignColumns: [people.id] }),
  ${extra}
]);
`;

describe("the names of relations", () => {
  it("are the singular of the column, and the plural of the table", async () => {
    expect(await relations(letters(""))).toEqual([
      "letters.receiver = one people",
      "people.letters = many letters",
    ]);
  });

  it("tell two references apart, and never take the name of a column", async () => {
    const two = "tenantForeignKey(t, { columns: [t.senderId], foreignColumns: [people.id] }),";
    expect(await relations(letters(two))).toEqual([
      "letters.receiver = one people",
      "letters.senderIdPerson = one people",
      "people.lettersByReceiver = many letters",
      "people.lettersBySender = many letters",
    ]);
  });

  it("are one where the reference is unique", async () => {
    expect(await relations(letters("unique().on(t.creatorId, t.receiverId),"))).toEqual([
      "letters.receiver = one people",
      "people.letter = one letters",
    ]);
  });

  it("can be given by a comment", async () => {
    expect(await relations(letters("", "// tenantry-relation addressee / post"))).toEqual([
      "letters.addressee = one people",
      "people.post = many letters",
    ]);
    expect(await relations(letters("", "// tenantry-relation addressee"))).toEqual([
      "letters.addressee = one people",
      "people.letters = many letters",
    ]);
  });
});

describe("English", () => {
  it.each([
    ["documents", "document"],
    ["companies", "company"],
    ["addresses", "address"],
    ["statuses", "status"],
    ["databases", "database"],
    ["boxes", "box"],
    ["people", "person"],
    ["widgetConfigurations", "widgetConfiguration"],
  ])("%s is many of %s", (many, one) => {
    expect(singular(many)).toBe(one);
    expect(singular(one)).toBe(one);
    expect(plural(many)).toBe(many);
  });

  it.each(["status", "news", "jwtBlacklist", "analysis", "series"])("%s is one already", (one) => {
    expect(singular(one)).toBe(one);
  });

  it("makes plurals of singulars", () => {
    expect(["jwtBlacklist", "company", "box", "news"].map(plural)).toEqual([
      "jwtBlacklists",
      "companies",
      "boxes",
      "news",
    ]);
  });
});
