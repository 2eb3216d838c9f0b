import { beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { OPERATIONS } from "../soak/operations.js";
import { runOperations } from "../soak/run-operations.js";
import { createTestDatabase } from "../support/databases.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";
import { startPgbouncer } from "./start-pgbouncer.js";

let database: TestDatabase;
let redis: RedisServer;

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedisServer();
});

/** `make soak` is the long form. */
const soak = async (url: URL) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const login = database.serviceUrl.username;
  const report = await runOperations({
    ...{ url, admin: database.admin, login, redis, seed },
    ...{ operations: 2500, tenants: 6, max: 3 },
  });
  expect({ seed, leaks: report.leaks, differences: report.differences }).toEqual({
    seed,
    leaks: [],
    differences: [],
  });
  expect(Object.keys(report.byName).sort()).toEqual(Object.keys(OPERATIONS).sort());
  expect(report.cuts).toBeGreaterThan(0);
  expect(report.redisFaults).toBeGreaterThan(0);
  expect(report.cacheHits).toBeGreaterThan(0);
};

describe("thousands of random operations, with connections cut and Redis killed meanwhile", () => {
  it(
    "give each tenant its own rows, and those of the model: directly",
    () => soak(database.serviceUrl),
    240_000,
  );

  it("give each tenant its own rows, and those of the model: through PgBouncer in transaction mode", async () => {
    const pooler = await startPgbouncer(database.serviceUrl, "transaction", 3);
    try {
      await soak(pooler.urlOf(database.name));
    } finally {
      await pooler.stop();
    }
  }, 240_000);
});
