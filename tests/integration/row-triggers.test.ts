import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { describe, expect, it } from "vitest";
import { insertRow, makeCreatorWithRows } from "../support/creator-with-rows.js";
import { createTestDatabase } from "../support/databases.js";
import { inContext, type Settings } from "../support/in-context.js";
import { expectPermissionDenied } from "../support/refusals.js";
import { ROW_FACTORIES } from "../support/row-factories.js";

const { admin, service } = await createTestDatabase();
const newDocument = () => ROW_FACTORIES.documents!.make("a document", {});

/** A creator of the test's own, with a row in every table, and a way to run statements as them. */
async function signUp() {
  const creator = await makeCreatorWithRows(service, "of Ann");
  return {
    ...creator,
    run: <T>(use: (sql: postgres.TransactionSql) => Promise<T>, settings: Settings = {}) =>
      inContext(service, creator.id, use, settings),
  };
}

describe("an audit row", () => {
  const request = { "app.actor": "user 7", "app.request_id": "request 1", "app.ip": "2001:db8::1" };

  it("says who changed what in which request, with the row before and after", async () => {
    const { id, run } = await signUp();
    const document = await run(async (sql) => {
      const inserted = await insertRow(sql, "documents", newDocument());
      await sql`update documents set title = 'renamed' where id = ${inserted.id}`;
      await sql`delete from documents where id = ${inserted.id}`;
      return inserted;
    }, request);
    const rows = await run(
      (sql) => sql`select * from audit_logs where row_id = ${document.id} order by created_at, id`,
    );
    const common = {
      creator_id: id,
      actor: "user 7",
      request_id: "request 1",
      ip: "2001:db8::1",
      table_name: "documents",
      row_id: document.id,
    };
    const [first, renamed] = [{ title: document.title }, { title: "renamed" }].map((row) =>
      expect.objectContaining({ ...row, id: document.id, creator_id: id, checksum: document.checksum }),
    );
    const byAction = Object.fromEntries(rows.map((row) => [row.action, row]));
    expect(byAction).toEqual({
      insert: expect.objectContaining({ ...common, before: null, after: first }),
      update: expect.objectContaining({ ...common, before: first, after: renamed }),
      delete: expect.objectContaining({ ...common, before: renamed, after: null }),
    });
  });

  it("is written in the transaction of the change, and goes with it", async () => {
    const { run } = await signUp();
    const id = randomUUID();
    const failed = run(async (sql) => {
      await insertRow(sql, "documents", { ...newDocument(), id });
      expect(await sql`select * from audit_logs where row_id = ${id}`).toHaveLength(1);
      await sql`select 1 / 0`;
    });
    await expect(failed).rejects.toThrow("division by zero");
    expect(await admin`select * from audit_logs where row_id = ${id}`).toHaveLength(0);
  });

  it("never has the values of secret columns", async () => {
    const { id, run, rows } = await signUp();
    await run(async (sql) => {
      await sql`update creators set password_hash = '$2b$new', display_name = 'renamed'`;
      await sql`update refresh_tokens set token_hash = ${"ab".repeat(32)}, user_agent = 'another'`;
      await sql`delete from refresh_tokens`;
    });
    const written = await admin`select * from audit_logs where creator_id = ${id}`;
    const of = (table: string) => written.filter((row) => row.table_name === table);
    expect(of("creators").map(({ action }) => action)).toEqual(["insert", "update"]);
    expect(of("refresh_tokens").map(({ action }) => action)).toEqual(["insert", "update", "delete"]);
    const text = JSON.stringify(written);
    expect(text).toContain("renamed");
    for (const secret of [
      rows.creators?.password_hash,
      rows.refresh_tokens?.token_hash,
      "$2b$new",
      "ab".repeat(32),
      "password_hash",
      "token_hash",
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it("has no actor and no request where the service named none", async () => {
    const { run, rows } = await signUp();
    const [row] = await run((sql) => sql`select * from audit_logs where row_id = ${rows.documents?.id}`);
    expect(row).toMatchObject({ actor: null, request_id: null, ip: null });
  });

  it("cannot be changed or removed by a service", async () => {
    const { run } = await signUp();
    await expectPermissionDenied(run((sql) => sql`update audit_logs set actor = 'somebody else'`));
    await expectPermissionDenied(run((sql) => sql`delete from audit_logs`));
    await expectPermissionDenied(run((sql) => sql`truncate audit_logs`));
  });

  it("cannot be kept from being written", async () => {
    const { run } = await signUp();
    await expectPermissionDenied(run((sql) => sql`set local session_replication_role = replica`));
    await expect(run((sql) => sql`alter table documents disable trigger all`)).rejects.toThrow(
      "must be owner",
    );
  });
});

describe("updated_at", () => {
  it("moves with each update, whatever the update says", async () => {
    const { run, rows } = await signUp();
    const { id } = rows.documents!;
    const read = (sql: postgres.TransactionSql) =>
      sql`select updated_at > created_at as later, updated_at > now() - interval '1 hour' as recent
          from documents where id = ${id}`;
    expect([...(await run(read))]).toEqual([{ later: false, recent: true }]);
    await run(
      (sql) => sql`update documents set title = 'renamed', updated_at = '2000-01-01' where id = ${id}`,
    );
    expect([...(await run(read))]).toEqual([{ later: true, recent: true }]);
  });
});

describe("an id that the database makes", () => {
  it("is a UUID of version 7, later ones after earlier ones by the millisecond", async () => {
    const { run } = await signUp();
    const ids: string[] = await run(async (sql) => {
      const made: string[] = [];
      for (let count = 0; count < 50; count += 1)
        made.push((await insertRow(sql, "documents", newDocument())).id);
      return made;
    });
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const times = ids.map((id) => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("carries the time at which it was made", async () => {
    const { run } = await signUp();
    const [row] = await run(
      (sql) => sql<{ before: number; made: string; after: number }[]>`
        with bounds as (select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as before),
             made as (insert into documents (title, checksum) values ('x', ${"cd".repeat(32)}) returning id)
        select before, id as made, ceil(extract(epoch from clock_timestamp()) * 1000)::float8 as after
        from bounds, made`,
    );
    const time = Number.parseInt(row!.made.replaceAll("-", "").slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(row!.before - 1);
    expect(time).toBeLessThanOrEqual(row!.after);
  });
});
