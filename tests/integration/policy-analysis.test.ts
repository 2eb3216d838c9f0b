import { beforeAll, describe, expect, it } from "vitest";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import type { PolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import { loadPolicyAnalysis } from "../../src/isolation/policy-analysis.js";
import type { Database } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";

const CONTEXT = "cast(nullif(current_setting('app.creator_id', true), '') as uuid)";
const E = `creator_id = (select ${CONTEXT})`;
const TEXT_CONTEXT = "nullif(current_setting('app.creator_id', true), '')";

let admin: Database;
let analysis: PolicyAnalysis;

beforeAll(async () => {
  ({ admin } = await createEmptyDatabase());
  analysis = await loadPolicyAnalysis(parseTenancySettings({}));
  await admin.unsafe(`
    create table notes (creator_id uuid, other_id uuid, id int, title text, open boolean, org_text text, org_varchar varchar(20), org_int int);
    create table others (creator_id uuid);
    create schema evil;
    create function evil.current_setting(text, boolean) returns text language sql as $$ select pg_catalog.current_setting('app.any', true) $$;
    create function evil.yes(uuid, uuid) returns boolean language sql as 'select true';
    create operator evil.= (leftarg = uuid, rightarg = uuid, function = evil.yes)`);
});

/** Makes a policy and judges it as PostgreSQL prints it. */
async function judge(expression: string, column = "creator_id", type = "uuid"): Promise<boolean> {
  await admin.unsafe(`drop policy if exists p on notes; create policy p on notes using (${expression})`);
  const { relations } = await readCatalog(admin, { schemas: ["public"], roles: [] });
  const printed = relations.find(({ name }) => name === "notes")?.policies[0]?.using;
  if (typeof printed !== "string") throw new Error("the policy has no expression");
  return analysis.isTenantBound(printed, "notes", column, type);
}

describe("an expression that binds its rows to the tenant", () => {
  it.each([
    E,
    `(select ${CONTEXT}) = creator_id`,
    `creator_id = ${CONTEXT}`,
    `${CONTEXT} = notes.creator_id`,
    `creator_id = (select (nullif(current_setting('app.creator_id', true), ''))::uuid as tenant)`,
    `${E} and title <> 'x'`,
    `title <> 'x' and ${E}`,
    `(${E} and open) and (title = 'a' or title = 'b')`,
    `${E} and true`,
    `${E} and ${E}`,
    `${E} and exists (select from others)`,
    `${E} and (open or current_setting('app.bypass', true) = 'on')`,
  ])("is %s", async (expression) => {
    expect(await judge(expression)).toBe(true);
  });

  it.each([
    ["org_text", "text", `org_text = (select cast(${TEXT_CONTEXT} as text))`],
    ["org_text", "text", `org_text = (select ${TEXT_CONTEXT})`],
    ["org_text", "text", `org_text = ${TEXT_CONTEXT}`],
    ["org_varchar", "text", `org_varchar = (select ${TEXT_CONTEXT})`],
    ["org_int", "integer", `org_int = (select cast(${TEXT_CONTEXT} as integer))`],
  ])("also on %s as %s: %s", async (column, type, expression) => {
    expect(await judge(expression, column, type)).toBe(true);
  });
});

describe("an expression that lets other rows through", () => {
  it.each([
    ["5: always true", "true"],
    ["5: always true", "1 = 1"],
    ["5: or true", `${E} or true`],
    ["5: the column itself", "creator_id = creator_id"],
    ["5: open where unknown", `(${E}) is not false`],
    ["5: open where unknown", `coalesce(${E}, true)`],
    ["5: the opposite", `not (${E})`],
    ["5: in a case", `case when open then true else ${E} end`],
    ["7: open without a context", `${CONTEXT} is null or ${E}`],
    ["7: open without a context", `coalesce(${CONTEXT}, creator_id) = creator_id`],
    [
      "7: somebody's without a context",
      `creator_id = coalesce(${CONTEXT}, '00000000-0000-0000-0000-000000000000')`,
    ],
    ["7: null-safe, so open to rows of nobody", `creator_id is not distinct from ${CONTEXT}`],
    ["12: the login", "creator_id::text = current_user"],
    ["13: another column", `other_id = (select ${CONTEXT})`],
    ["13: a column of an inner table", `exists (select from others where creator_id = (select ${CONTEXT}))`],
    ["13: a column of an inner table", `(select ${E} from others)`],
    ["13: a list of tenants", `creator_id in (select creator_id from others)`],
    ["13: any of two", `creator_id in (${CONTEXT}, other_id)`],
    ["13: a range", `creator_id >= ${CONTEXT}`],
    ["14: a tenant written into it", "creator_id = '00000000-0000-0000-0000-000000000001'"],
    ["14: one more tenant", `${E} or creator_id = '00000000-0000-0000-0000-000000000001'`],
    ["22: the empty context is a value", "creator_id = current_setting('app.creator_id', true)::uuid"],
    [
      "23: an error without a context",
      "creator_id = (select cast(nullif(current_setting('app.creator_id'), '') as uuid))",
    ],
    [
      "23: the same, written out",
      "creator_id = (select cast(nullif(current_setting('app.creator_id', false), '') as uuid))",
    ],
    [
      "24: another setting",
      "creator_id = (select cast(nullif(current_setting('app.creator', true), '') as uuid))",
    ],
    [
      "24: a setting of the row's choice",
      "creator_id = (select cast(nullif(current_setting(title, true), '') as uuid))",
    ],
    ["28: a switch", `current_setting('app.bypass', true) = 'on' or ${E}`],
    [
      "28: a switch in the subselect",
      `creator_id = (select case when open then creator_id else ${CONTEXT} end)`,
    ],
    ["a subselect over a table", `creator_id = (select ${CONTEXT} from others)`],
    ["a subselect with a union", `creator_id = any (select ${CONTEXT} union select creator_id from others)`],
    ["somebody's function of the same name", E.replace("current_setting", "evil.current_setting")],
    ["somebody's operator of the same name", `creator_id operator(evil.=) (select ${CONTEXT})`],
  ])("is refused (%s): %s", async (_, expression) => {
    expect(await judge(expression)).toBe(false);
  });

  it.each([
    ["org_text", "text", "org_text = current_setting('app.creator_id', true)"],
    ["org_text", "text", "org_text = (select nullif(current_setting('app.creator_id', true), 'x'))"],
    ["org_text", "text", `left(org_text, 1) = ${TEXT_CONTEXT}`],
    ["org_text", "text", `org_text like (select ${TEXT_CONTEXT})`],
    ["org_varchar", "text", `org_varchar::varchar(1) = ${TEXT_CONTEXT}`],
  ])("is refused on %s as %s: %s", async (column, type, expression) => {
    expect(await judge(expression, column, type)).toBe(false);
  });
});
