import { describe, expect, it } from "vitest";
import * as schema from "../../schema/index.js";
import { adminRecordSql } from "../../src/client/admin/admin-record.js";
import { onDatabase } from "../../src/core/database-url.js";
import { silentLogger } from "../../src/core/logger.js";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { type PurgeRequest, purge } from "../../src/data/purge.js";
import { readPurgeTargets } from "../../src/data/purge-target.js";
import { openDatabase } from "../../src/postgres/connect.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { refusal } from "./client-fixture.js";

const settings = parseTenancySettings({});
const PURGE = {
  refresh_tokens: "expires_at",
  jwt_blacklist: "expires_at",
  "public.token_cutoffs": "expires_at",
};
const record = adminRecordSql(Object.values(schema), "uuid", {
  ...{ tenant: undefined, actor: "the test", reason: "a test", requestId: undefined },
});

function request(database: TestDatabase["admin"], options: Partial<PurgeRequest> = {}): PurgeRequest {
  return {
    ...{ database, settings, record, targets: readPurgeTargets(PURGE, schema), actor: "the test" },
    ...{ batch: 3, limit: 1000, dryRun: false, logger: silentLogger, signal: new AbortController().signal },
    ...options,
  };
}

/** Two creators with seven expired tokens, one that is good, and one of each other table. */
async function withTokens(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  for (const name of ["ann", "bob"]) {
    const id = crypto.randomUUID();
    await database.admin`insert into creators (id, email, display_name, password_hash) values (${id}, ${`${name}@example.com`}, ${name}, '$x$y')`;
    await database.admin`
      insert into refresh_tokens (creator_id, token_hash, family_id, created_at, expires_at)
      select ${id}, encode(sha256((${id} || n)::bytea), 'hex'), gen_random_uuid(), now() - interval '2 days',
             now() + case when n = 0 then interval '1 day' else interval '-1 hour' end
      from generate_series(0, 7) as n`;
    await database.admin`
      update refresh_tokens t set revoked_at = now(), revoked_reason = 'rotated', replaced_by =
        (select id from refresh_tokens o where o.creator_id = t.creator_id and o.expires_at < now() limit 1)
      where creator_id = ${id} and expires_at > now()`;
    await database.admin`insert into jwt_blacklist (creator_id, jti, expires_at) values (${id}, 'old', now() - interval '1 hour'), (${id}, 'new', now() + interval '1 hour')`;
  }
  return database;
}

describe("purge", () => {
  it("deletes what has expired, of all creators and in batches, and nothing else", async () => {
    const { admin } = await withTokens();
    expect(await purge(request(admin))).toEqual([
      { table: "public.refresh_tokens", rows: 14, hasMore: false },
      { table: "public.jwt_blacklist", rows: 2, hasMore: false },
      { table: "public.token_cutoffs", rows: 0, hasMore: false },
    ]);
    expect(await admin`select replaced_by from refresh_tokens`).toEqual([
      { replaced_by: null },
      { replaced_by: null },
    ]);
    expect(await admin`select jti from jwt_blacklist`).toEqual([{ jti: "new" }, { jti: "new" }]);
  });

  it("is written down: who and why, and each row in its creator's log", async () => {
    const { admin } = await withTokens();
    await purge(request(admin));
    const [work] =
      await admin`select actor, after->>'reason' as reason from audit_logs where action = 'admin'`;
    expect(work).toEqual({ actor: "the test", reason: "a test" });
    const rows = await admin`
      select table_name, count(*)::int, count(distinct creator_id)::int as creators from audit_logs
      where action = 'delete' and actor = 'the test' group by 1 order by 1`;
    expect([...rows]).toEqual([
      { table_name: "jwt_blacklist", count: 2, creators: 2 },
      { table_name: "refresh_tokens", count: 14, creators: 2 },
    ]);
  });

  it("stops at the limit and says that there is more; a dry run counts and changes nothing", async () => {
    const { admin } = await withTokens();
    const before = await admin`select count(*)::int from audit_logs`;
    const counted = await purge(request(admin, { dryRun: true, limit: 10 }));
    expect(counted[0]).toEqual({ table: "public.refresh_tokens", rows: 10, hasMore: true });
    expect(await admin`select count(*)::int from audit_logs`).toEqual(before);
    const [tokens] = await purge(request(admin, { limit: 10 }));
    expect(tokens).toEqual({ table: "public.refresh_tokens", rows: 10, hasMore: true });
    expect(await admin`select count(*)::int as n from refresh_tokens where expires_at < now()`).toEqual([
      { n: 4 },
    ]);
  });

  it("leaves a row that somebody holds, without waiting for it", async () => {
    const { admin, adminUrl } = await withTokens();
    const other = await openDatabase(adminUrl);
    await other.begin(async (session) => {
      await session`select from refresh_tokens where expires_at < now() limit 1 for update`;
      expect((await purge(request(admin)))[0]).toMatchObject({ rows: 13 });
    });
    await other.end();
  });

  it("is refused to a login that is not in the admin role", async () => {
    const { serviceUrl, name } = await withTokens();
    const service = await openDatabase(onDatabase(serviceUrl, name));
    await expect(purge(request(service))).rejects.toEqual(refusal("role-insufficient", /app_admin/));
    await service.end();
  });

  it("refuses tables and columns that are none", () => {
    for (const [declared, message] of [
      [{ nothing: "expires_at" }, /no table/],
      [{ documents: "expires_at" }, /no column/],
      [{ documents: "title" }, /no time/],
    ] as const)
      expect(() => readPurgeTargets(declared as never, schema)).toThrow(message);
  });
});
