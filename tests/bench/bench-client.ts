import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onDatabase } from "../../src/core/database-url.js";
import type { Database } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../../src/testing/create-empty-database.js";
import { startEmbeddedServer } from "../support/postgres-embedded.js";
import type { BenchClient } from "./clients/bench-client-kind.js";
import { makeTables, tenantId } from "./clients/bench-table.js";
import { installBetterTenant } from "./clients/better-tenant.js";
import {
  bareDrizzle,
  documentedDrizzle,
  preparedDrizzle,
  setConfigDrizzle,
} from "./clients/drizzle-clients.js";
import { tenantryClient, tenantryPrepared } from "./clients/tenantry-client.js";
import { measureCloneCost } from "./clone-cost.js";
import { describeMachine } from "./describe-machine.js";
import { startLatencyProxy } from "./latency-proxy.js";
import { median } from "./measure.js";
import { measurePolicyCost } from "./policy-cost.js";
import { measureRedisCost } from "./redis-cost.js";
import { replaceSection } from "./report.js";

const document = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const ROWS = Number(process.env.ROWS ?? 1_000_000);
const TENANTS = 1000;
/** In each round, for each client; half a second or so. */
const QUERIES = { 0: 1500, 1: 400, 5: 120 } as const;
const LATENCIES = [0, 1, 5] as const;
const CALLERS = [1, 16] as const;

const describe = describeMachine();
const server = await startEmbeddedServer();
const { client: betterTenant, remove } = await installBetterTenant();
try {
  const database = await createEmptyDatabase({ serverUrl: server.url });
  const service = await makeService(database.admin, database.adminUrl);
  await makeTables(database.admin, ROWS, TENANTS);
  // The same table under the peer's setting; its rows are read through a view of the same plan.
  await database.admin.unsafe(`
    create policy better on isolated as permissive to app_better using
      (creator_id = (select nullif(current_setting('app.current_tenant', true), '')::uuid));
    create view better_isolated with (security_invoker) as select * from isolated;
    grant select on isolated, better_isolated to app_better;`);
  const clients = [
    bareDrizzle,
    preparedDrizzle,
    tenantryClient,
    tenantryPrepared,
    setConfigDrizzle,
    documentedDrizzle,
    betterTenant,
  ];
  const sections: string[] = [];
  for (const latency of LATENCIES)
    for (const callers of CALLERS) sections.push(await compare(clients, service, latency, callers));
  const policy = await measurePolicyCost(database.admin, service.tenant, ROWS, TENANTS);
  const clone = await measureCloneCost(server.url);
  const redis = await measureRedisCost(service.tenant, server.url);
  const text = [describe(), "", ...sections, redis, clone, policy].join("\n");
  await writeFile(document, replaceSection(await readFile(document, "utf8"), "bench-client", text));
  console.log(text);
  await database.drop();
} finally {
  await remove();
  await server.stop();
}

type Service = { readonly tenant: URL; readonly better: URL };

/** Logins as services have them: members of one group each, owners of nothing. */
async function makeService(admin: Database, url: URL): Promise<Service> {
  await admin.unsafe(`
    create role app_tenant nologin; create role app_better nologin;
    create role bench_service login password 'bench' in role app_tenant;
    create role bench_better login password 'bench' in role app_better;`);
  const as = (user: string) => onDatabase(url, url.pathname.slice(1), { user, password: "bench" });
  return { tenant: as("bench_service"), better: as("bench_better") };
}

async function compare(
  clients: readonly BenchClient[],
  service: Service,
  latency: 0 | 1 | 5,
  callers: number,
): Promise<string> {
  const proxies = new Map<BenchClient, Awaited<ReturnType<typeof startLatencyProxy>>>();
  const opened = new Map<BenchClient, Awaited<ReturnType<BenchClient["open"]>>>();
  const rates = new Map<BenchClient, number[]>(clients.map((client) => [client, []]));
  const trips = new Map<BenchClient, number>();
  for (const client of clients) {
    const url = client === betterTenant ? service.better : service.tenant;
    const proxy = await startLatencyProxy(url, latency);
    proxies.set(client, proxy);
    const open = await client.open(proxy.url, callers);
    opened.set(client, open);
    await run(open.read, callers * 20, callers);
    const before = await proxy.countRoundTrips();
    for (let query = 0; query < 50; query += 1) await open.read(tenantId(1 + query));
    trips.set(client, ((await proxy.countRoundTrips()) - before) / 50);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const client of clients) {
      const read = opened.get(client)?.read;
      if (read !== undefined)
        rates.get(client)?.push(await run(read, QUERIES[latency] * (callers > 1 ? 3 : 1), callers));
    }
  }
  for (const client of clients) {
    await opened.get(client)?.close();
    await proxies.get(client)?.close();
  }
  const reference = median(rates.get(bareDrizzle) ?? []);
  const rows = clients.map((client) => {
    const rate = median(rates.get(client) ?? []);
    const tripCount = trips.get(client)?.toFixed(1) ?? "";
    return `| ${client.name} | ${rate.toFixed(0)} | ${(rate / reference).toFixed(2)} | ${tripCount} |`;
  });
  return [
    `| ${latency} ms of latency, ${callers} ${callers === 1 ? "caller" : "callers"} | queries/s, median of ${ROUNDS} | ÷ bare | round trips |`,
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** Queries in a second, by so many callers, each for another tenant than the one before. */
async function run(
  read: (tenant: string) => Promise<readonly { readonly creatorId: string }[]>,
  queries: number,
  callers: number,
): Promise<number> {
  let left = queries;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (left > 0) {
        left -= 1;
        const tenant = tenantId(1 + (left % (TENANTS - 1)));
        const rows = await read(tenant);
        if (rows.length === 0 || rows.some(({ creatorId }) => creatorId !== tenant))
          throw new Error(`wrong rows for ${tenant}: ${JSON.stringify(rows)}`);
      }
    }),
  );
  return queries / ((performance.now() - started) / 1000);
}
