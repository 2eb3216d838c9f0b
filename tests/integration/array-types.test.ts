import { describe, expect, it } from "vitest";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";

const VALUES: readonly (readonly [string, readonly unknown[]])[] = [
  ["text", ["a", 'quo"te', "back\\slash", "com,ma", "{brace}", "", "NULL", null, "ü"]],
  ["int4", [1, -2, null]],
  ["float8", [1.5]],
  ["json", [{ a: [1, "x"] }]],
  ["uuid", ["0190f000-0000-7000-8000-000000000000"]],
  ["text", []],
];

describe("arrays of a connection", () => {
  it.each(VALUES)("of %s are read and written as they are, nested ones too", async (type, values) => {
    const { adminUrl } = await createEmptyDatabase();
    await withDatabase(adminUrl, {}, async (database) => {
      const read = async (value: readonly unknown[]) =>
        (await database.unsafe(`select $1::${type}[] as found`, [value as never]))[0]?.found;
      expect(await read(values)).toEqual(values);
      if (values.length > 0) expect(await read([values, values])).toEqual([values, values]);
    });
  });

  it("are read as the server prints them, with bounds, dates, and types of its own", async () => {
    const { adminUrl, admin } = await createEmptyDatabase();
    await admin`create type mood as enum ('sad', 'it''s "fine"')`;
    await withDatabase(adminUrl, { max: 2 }, async (database) => {
      const [row] =
        await database`select '[2:3]={7,8}'::int[] as bounds, array['sad', 'it''s "fine"']::mood[] as moods,
        array['2026-01-02'::date] as dates, '{(1,2),(0,0);(3,4),(0,0)}'::box[] as boxes, array['a'::name] as names`;
      expect(row).toEqual({
        bounds: [7, 8],
        moods: ["sad", 'it\'s "fine"'],
        dates: [new Date("2026-01-02")],
        boxes: ["(1,2),(0,0)", "(3,4),(0,0)"],
        names: ["a"],
      });
    });
  });
});
