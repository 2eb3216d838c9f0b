import { describe, expect, it } from "vitest";
import * as schema from "../../schema/index.js";
import { readCatalog } from "../../src/catalog/read-catalog.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { catalogScope } from "../../src/isolation/catalog-scope.js";
import { createJudge } from "../../src/isolation/create-judge.js";
import { readExpected } from "../../src/isolation/expected.js";
import { findRepairs } from "../../src/isolation/repair/find-repairs.js";
import type { Database } from "../../src/postgres/connect.js";
import { createTestDatabase } from "../support/databases.js";

const expected = readExpected(parseTenancySettings({}), schema);

async function repairsOf(admin: Database) {
  return await admin.begin(async (session) =>
    findRepairs(session, expected, await readCatalog(session, catalogScope(expected))),
  );
}

describe("findRepairs", () => {
  it("finds nothing to do on a database that is as its migrations left it", async () => {
    const { admin } = await createTestDatabase();
    expect(await repairsOf(admin)).toEqual([]);
  });

  it.each([
    ["row security off", "alter table documents disable row level security"],
    ["not forced", "alter table documents no force row level security"],
    ["a policy gone", "drop policy documents_floor on documents"],
    ["a policy opened", "alter policy documents_floor on documents using (true)"],
    ["a policy's check opened", "alter policy documents_tenant on documents with check (true)"],
    ["a policy for others", "alter policy documents_floor on documents to app_admin"],
    ["a grant gone", "revoke select on documents from app_tenant"],
    ["a grant widened", "grant truncate on documents to app_tenant"],
    ["a grant to PUBLIC", "grant select on documents to public"],
    ["a grant of a column", "grant update (action) on audit_logs to app_tenant"],
    ["a trigger gone", "drop trigger tenantry_audit on documents"],
    ["a trigger disabled", "alter table documents disable trigger tenantry_audit"],
    [
      "a trigger with other arguments",
      "create or replace trigger tenantry_touch before update on documents for each row execute function tenantry.touch_updated_at('created_at')",
    ],
    [
      "a function replaced",
      "create or replace function tenantry.audit_into_public_audit_logs() returns trigger language plpgsql as 'begin return null; end'",
    ],
    ["the schema closed", "revoke usage on schema public from app_tenant"],
    ["the schema opened", "grant create on schema public to public"],
    [
      "a reference that nulls the tenant",
      `alter table conversations drop constraint conversations_document_id_fk;
       alter table conversations add constraint conversations_document_id_fk foreign key (creator_id, document_id) references documents (creator_id, id) on delete set null`,
    ],
  ])("restores %s, and has nothing left to do", async (_, breaks) => {
    const { admin } = await createTestDatabase();
    await admin.unsafe(breaks);
    const repairs = await repairsOf(admin);
    expect(repairs.length).toBe(1);
    for (const { statements } of repairs) for (const sql of statements) await admin.unsafe(sql);
    expect(await repairsOf(admin)).toEqual([]);
    expect((await (await createJudge(expected))(admin)).findings).toEqual([]);
  });
});
