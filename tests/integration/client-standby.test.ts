import { sql } from "drizzle-orm";
import { type ClientOperation, connect, type TenantClient } from "tenantry/client";
import { documents } from "tenantry/schema";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../src/testing/index.js";
import { migrationsFolder } from "../support/databases.js";
import { startEmbeddedServer } from "../support/postgres-embedded.js";
import { type Standby, startStandby } from "../support/start-standby.js";
import { draft, signUp } from "./client-fixture.js";

let server: Awaited<ReturnType<typeof startEmbeddedServer>>;
let database: TestDatabase;
let standby: Standby;
let db: TenantClient;
let ann: string;
const operations: ClientOperation[] = [];
const lastServer = () => operations.at(-1)?.server;

beforeAll(async () => {
  server = await startEmbeddedServer();
  database = await createTestDatabase({ serverUrl: server.url, migrationsFolder });
  standby = await startStandby(database.admin, database.adminUrl);
  db = await connect({
    ...{ url: database.serviceUrl, replicas: [standby.urlOf(database.serviceUrl)], max: 2 },
    onOperation: (operation) => operations.push(operation),
    onWarning: () => {},
  });
  ann = await signUp(db, "Ann");
});

afterAll(async () => {
  await db.close();
  await standby.stop();
  await database.drop();
  await server.stop();
});

it("a streaming replica answers reads; what was written is read from the primary meanwhile", async () => {
  const reader = await connect({
    ...{ url: database.serviceUrl, replicas: [standby.urlOf(database.serviceUrl)], max: 1 },
    onOperation: (operation) => operations.push(operation),
    onWarning: () => {},
  });
  await db.as(ann).insert(documents).values(draft("replicated"));
  expect(await db.as(ann).$count(documents)).toBe(2);
  expect(lastServer()).toBe("primary");
  // Another client knows nothing of the write, and sees it as soon as it has arrived.
  await expect.poll(() => reader.as(ann).$count(documents), { timeout: 20_000 }).toBe(2);
  expect(lastServer()).toBe("replica");
  const title = sql`title = ${"replicated"}`;
  expect(await reader.as(ann).select().from(documents).where(title)).toHaveLength(1);
  expect(await reader.as(crypto.randomUUID()).select().from(documents)).toEqual([]);
  expect(lastServer()).toBe("replica");
  await reader.close();
});

it("a streaming replica is not asked what it cannot do, and passed over when it is gone", async () => {
  const reader = await connect({
    ...{
      url: database.serviceUrl,
      replicas: [standby.urlOf(database.serviceUrl)],
      max: 1,
      readYourWrites: 0,
    },
    onOperation: (operation) => operations.push(operation),
    onWarning: () => {},
  });
  await reader.as(ann).select().from(documents).for("update");
  expect(lastServer()).toBe("primary");
  await reader.as(ann).execute(sql`select pg_current_xact_id()`);
  expect([lastServer(), operations.at(-1)?.outcome]).toEqual(["primary", "done"]);
  await standby.stop();
  for (let time = 0; time < 3; time += 1) expect(await reader.as(ann).$count(documents)).toBe(2);
  expect(lastServer()).toBe("primary");
  await reader.close();
});
