// The long form: make soak. OPERATIONS in all (100,000), SEED for the choices. Exits with 1 if anything was wrong.
import { fileURLToPath } from "node:url";
import { createTestDatabase } from "../../src/testing/index.js";
import { startPgbouncer } from "../integration/start-pgbouncer.js";
import { startIllTreatedRedis } from "../support/ill-treated-redis.js";
import { startEmbeddedServer } from "../support/postgres-embedded.js";
import { startPostgres15 } from "../support/start-postgres15.js";
import { runOperations } from "./run-operations.js";

const OPERATIONS = Number(process.env.OPERATIONS ?? 100_000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const migrationsFolder = fileURLToPath(new URL("../../drizzle", import.meta.url));

console.log(`seed ${SEED}`);
const redis = await startIllTreatedRedis();
const totals = { operations: 0, leaks: 0, differences: 0 };
for (const [version, start] of [
  ["PostgreSQL 18", startEmbeddedServer],
  ["PostgreSQL 15", startPostgres15],
] as const) {
  const server = await start();
  try {
    const database = await createTestDatabase({ serverUrl: server.url, migrationsFolder });
    const pooler = await startPgbouncer(database.serviceUrl, "transaction", 3);
    for (const [way, url] of [
      ["directly", database.serviceUrl],
      ["through PgBouncer in transaction mode", pooler.urlOf(database.name)],
    ] as const) {
      const started = performance.now();
      const report = await runOperations({
        ...{ url, admin: database.admin, login: database.serviceUrl.username, redis },
        ...{ operations: Math.ceil(OPERATIONS / 4), tenants: 8, max: 4, seed: SEED },
      });
      const { leaks, differences, interrupted, cuts, redisFaults, cacheHits } = report;
      totals.operations += report.operations;
      totals.leaks += leaks.length;
      totals.differences += differences.length;
      console.log(
        `${version}, ${way}: ${report.operations} operations in ${Math.round((performance.now() - started) / 1000)} s, ` +
          `${leaks.length} leaks, ${differences.length} differences from the model; ` +
          `${cuts} connections cut, Redis ill-treated ${redisFaults} times, ${interrupted} operations interrupted, ` +
          `${cacheHits} cache hits`,
      );
      for (const each of [...leaks, ...differences].slice(0, 20)) console.log(`  ${each}`);
    }
    await pooler.stop();
    await database.drop();
  } finally {
    await server.stop();
  }
}
await redis.stop();
console.log(`${totals.operations} operations, ${totals.leaks} leaks, ${totals.differences} differences`);
process.exit(totals.leaks + totals.differences === 0 ? 0 : 1);
