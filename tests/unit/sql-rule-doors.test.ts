import { describe, expect, it } from "vitest";
import * as schema from "../../schema/index.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { demandSql, listDemands } from "../../src/isolation/demands.js";
import { readExpected } from "../../src/isolation/expected.js";
import { checkSql } from "../../src/isolation/sql/check-sql.js";

const expected = readExpected(parseTenancySettings({}), schema);
const statements = listDemands(expected)
  .filter(({ key }) => key.includes("tenantry_doors"))
  .flatMap(demandSql);

async function findOfDoors(sql: readonly string[]): Promise<string[]> {
  const text = sql.join(";\n--> statement-breakpoint\n");
  const { findings } = await checkSql(expected, [{ name: "1", file: "1.sql", sql: text, isNew: true }]);
  return findings
    .filter(({ rule }) => rule === "function-security-definer")
    .map(({ subject, level }) => `${level} ${subject}`);
}

const DOOR = "error tenantry_doors.find_creator_by_email";
const NAME = '"tenantry_doors"."find_creator_by_email"(text)';

describe("a door in a migration", () => {
  it("is accepted as the completion writes it", async () => {
    expect(await findOfDoors(statements)).toEqual([]);
  });

  it.each([
    ["another condition", (sql: string) => sql.replace("operator(pg_catalog.=)", "operator(pg_catalog.~~)")],
    ["no condition", (sql: string) => sql.replace(/where pg_catalog\.lower.*\n/, "\n")],
    ["a column more", (sql: string) => sql.replace('found."id",', 'found."id" /* and more */,')],
    ["another search path", (sql: string) => sql.replace("pg_catalog, pg_temp", "public, pg_temp")],
    ["no owner of its own", (sql: string) => (sql.startsWith("alter function") ? "select 1" : sql)],
    ["EXECUTE for PUBLIC", (sql: string) => (sql.startsWith("revoke all on function") ? "select 1" : sql)],
    [
      "EXECUTE for another",
      (sql: string) => sql.replace(/^(grant execute .*) to "app_tenant"$/, '$1 to "app_tenant", another'),
    ],
  ])("is refused with %s", async (_, change) => {
    expect(await findOfDoors(statements.map(change))).toContain(DOOR);
  });

  it.each([
    ["altered", `alter function ${NAME} reset all`],
    [
      "replaced",
      `create or replace function ${NAME} returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'`,
    ],
    ["opened", `grant execute on function ${NAME} to public`],
    [
      "joined by another of its name",
      `create function tenantry_doors.find_creator_by_email(varchar) returns int language sql security definer as 'select 1'`,
    ],
  ])("is refused once it is %s", async (_, more) => {
    expect(await findOfDoors([...statements, more])).toContain(DOOR);
  });
});
