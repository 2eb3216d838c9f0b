import { describe, expect, it } from "vitest";
import { checkService } from "../fixtures/codegen/check-fixture.js";

describe("session-level-context", () => {
  it.each([
    ["a literal", "await db.execute(\"select set_config('app.creator_id', '1', false)\");"],
    ["a template", "await db.execute(sql`select set_config('app.creator_id', %{id}, false)`);"],
    ["a name that is filled in", "await db.execute(sql`select set_config(%{name}, %{id}, false)`);"],
    ["SET", "await db.execute(`set app.creator_id = '%{id}'`);"],
    ["SET SESSION", "await db.execute(`SET SESSION app.creator_id TO '%{id}'`);"],
    [
      "SET after something else",
      "await db.execute(`set local statement_timeout = 0; set app.creator_id = '%{id}'`);",
    ],
    ["RESET", "await db.execute(`reset app.creator_id`);"],
    ["ALTER ROLE", "await db.execute(`alter role web set app.creator_id = '1'`);"],
  ])("finds %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual(["session-level-context 2"]);
  });

  it.each([
    ["another setting", "await db.execute(\"select set_config('statement_timeout', '1', false)\");"],
    ["the setting read", "await db.execute(\"select current_setting('app.creator_id', true)\");"],
    ["a message about it", 'throw new Error("cannot set app.creator_id = 1 here");'],
    ["a comment", "// set app.creator_id = '1'"],
    ["an SQL comment", "await db.execute(`-- set app.creator_id = 1\\nselect 1`);"],
    ["an UPDATE", "await db.execute(`update documents set creator_id = '1'`);"],
  ])("is silent about %s", async (_, text) => {
    expect(await checkService(`\n${text}\n`)).toEqual([]);
  });
});

describe("raw-context-setting", () => {
  it.each([
    ["SET LOCAL", "await tx.execute(`set local app.creator_id = '%{id}'`);"],
    [
      "set_config for the transaction",
      "await tx.execute(sql`select set_config('app.creator_id', %{id}, true)`);",
    ],
    [
      "set_config for who knows what",
      "await tx.execute(sql`select set_config('app.creator_id', %{id}, %{local})`);",
    ],
  ])("finds %s", async (_, text) => {
    expect(await checkService(text)).toEqual(["raw-context-setting 1"]);
  });

  it("is silent about other settings of a transaction", async () => {
    expect(await checkService("await tx.execute(`set local statement_timeout = 5000`);")).toEqual([]);
    expect(await checkService("await tx.execute(sql`select set_config(%{name}, %{value}, true)`);")).toEqual(
      [],
    );
  });
});

describe("outer-database-in-tenant-callback", () => {
  it.each([
    [
      "the client itself",
      "await client.as(id).transaction(async (tx) => {\n  await client.as(other).select();\n});",
    ],
    [
      "the client in an object",
      "await this.db.as(id).transaction(async (tx) => {\n  await this.db.select();\n});",
    ],
    [
      "what the client was kept in",
      "const mine = client.as(id);\nawait mine.transaction(async (tx) => mine.select());",
    ],
    ["a database handed on", "await client.as(id).transaction(async (tx) => {\n  await save(client);\n});"],
    [
      "the database of the file",
      'import { drizzle } from "drizzle-orm/postgres-js"; const db = drizzle(url);\nawait client.as(id).transaction(async (tx) => db.select());',
    ],
    [
      "the first argument of withTenant",
      "await withTenant(db, id, async (tx) => {\n  await db.select();\n});",
    ],
    [
      "the object of withTenant",
      "await db.withTenant(id, async (tx) => {\n  return Promise.all(ids.map((each) => db.select()));\n});",
    ],
  ])("finds %s", async (_, text) => {
    expect(await checkService(text)).toEqual(["outer-database-in-tenant-callback 2"]);
  });

  it.each([
    ["the transaction", "await client.as(id).transaction(async (tx) => {\n  await tx.select();\n});"],
    [
      "the client before and after",
      "await client.as(id).select();\nawait client.as(id).transaction(async (tx) => tx.select());\nawait client.end();",
    ],
    ["a parameter of the same name", "await db.withTenant(id, async (db) => {\n  await db.select();\n});"],
    [
      "a variable of the same name",
      "await db.withTenant(id, async (tx) => {\n  const db = tx;\n  await db.select();\n});",
    ],
    [
      "a property of that name",
      "await db.withTenant(id, async (tx) => {\n  await tx.db.select({ db: tx });\n});",
    ],
    ["an ordinary transaction", "await db.transaction(async (tx) => {\n  await db.select();\n});"],
  ])("is silent about %s", async (_, text) => {
    expect(await checkService(text)).toEqual([]);
  });
});
