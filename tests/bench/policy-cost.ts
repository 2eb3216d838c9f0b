import { type Database, withDatabase } from "../../src/postgres/connect.js";
import { tenantId } from "./clients/bench-table.js";
import { median } from "./measure.js";

const RUNS = 21;

/** Queries as services have them: FROM is filled in, and the tenant where there is no policy. */
const QUERIES: readonly { readonly what: string; readonly sql: (table: string, where: string) => string }[] =
  [
    {
      what: "newest ten",
      sql: (table, where) => `select * from ${table} where ${where} order by created_at desc limit 10`,
    },
    {
      what: "one by id",
      sql: (table, where) =>
        `select * from ${table} where ${where} and id = (select id from picked where creator_id = $tenant limit 1)`,
    },
    {
      what: "count of a day",
      sql: (table, where) =>
        `select count(*) from ${table} where ${where} and created_at >= '2026-01-03' and created_at < '2026-01-04'`,
    },
    { what: "count of all", sql: (table, where) => `select count(*) from ${table} where ${where}` },
  ];

/**
 * What the policy itself costs: the server's own times of EXPLAIN ANALYZE, in turns, beside an explicit WHERE on the same
 * rows; for the tenant that owns half of all rows, and for one that owns one of a thousand parts of the rest.
 */
export async function measurePolicyCost(
  admin: Database,
  service: URL,
  rows: number,
  tenants: number,
): Promise<string> {
  await admin.unsafe(`
    create table picked as select distinct on (creator_id) creator_id, id from open;
    grant select on picked to app_tenant; analyze picked;`);
  const lines = await withDatabase(service, {}, async (database) => {
    const found: string[] = [];
    for (const [owner, tenant] of [
      ["owns half", tenantId(0)],
      ["small", tenantId(7)],
    ] as const) {
      for (const { what, sql } of QUERIES) {
        const where = `creator_id = '${tenant}'`;
        const explicit = sql("open", where).replaceAll("$tenant", `'${tenant}'`);
        const secured = sql("isolated", "true").replaceAll("$tenant", `'${tenant}'`);
        const [byHand, byPolicy] = await takeTurns(database, tenant, explicit, secured);
        found.push(
          `| ${what}, tenant ${owner} | ${byHand.toFixed(3)} | ${byPolicy.toFixed(3)} | ${(byPolicy / byHand).toFixed(2)} |`,
        );
      }
    }
    return found;
  });
  return [
    `| ${rows.toLocaleString("en")} rows, ${tenants} tenants | WHERE, ms | policy, ms | ratio |`,
    "|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

async function takeTurns(
  database: Database,
  tenant: string,
  explicit: string,
  secured: string,
): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    times[0].push(await explain(database, tenant, explicit));
    times[1].push(await explain(database, tenant, secured));
  }
  return [median(times[0]), median(times[1])];
}

async function explain(database: Database, tenant: string, query: string): Promise<number> {
  return await database.begin(async (session) => {
    await session.unsafe(`set local app.creator_id = '${tenant}'`);
    const [row] = await session.unsafe<{ "QUERY PLAN": [{ "Execution Time": number }] }[]>(
      `explain (analyze, timing off, format json) ${query}`,
    );
    return row?.["QUERY PLAN"][0]["Execution Time"] ?? Number.NaN;
  });
}
