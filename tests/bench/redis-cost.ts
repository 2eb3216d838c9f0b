import { randomUUID } from "node:crypto";
import { desc } from "drizzle-orm";
import { connect, type TenantCache } from "tenantry/client";
import { tenantCache, tokenBlacklist } from "tenantry/redis";
import { creators, jwtBlacklist, tokenCutoffs } from "tenantry/schema";
import { doors } from "../../schema/generated/doors.js";
import { createTestDatabase } from "../../src/testing/index.js";
import { startIllTreatedRedis } from "../support/ill-treated-redis.js";
import { isolated, tenantId } from "./clients/bench-table.js";
import { median } from "./measure.js";

const ROUNDS = 5;
const CALLS = 2000;
const CALLERS = [1, 16] as const;
/** Few enough that each is asked for again and again. */
const TENANTS = 100;

/** One way to do the same thing, called with the number of the call. */
type Way = { readonly name: string; readonly call: (number: number) => Promise<unknown> };

/**
 * A cached result beside the query that gives it, and look-ups in the blacklist, with Redis and without: calls in a
 * second, in turns, in one process, on loopback.
 *
 * @param tenant a service's login on a database that has the bench's tables.
 * @param serverUrl where a database with this project's schema can be made.
 */
export async function measureRedisCost(tenant: URL, serverUrl: string): Promise<string> {
  const redis = await startIllTreatedRedis();
  const database = await createTestDatabase({ serverUrl });
  const closes: (() => Promise<unknown>)[] = [];
  try {
    const open = async (name: string, cache?: TenantCache): Promise<Way> => {
      const db = await connect({ url: tenant, max: 16, ...(cache === undefined ? {} : { cache }) });
      closes.push(() => db.close());
      const read = (id: string) =>
        db.as(id).select().from(isolated).orderBy(desc(isolated.createdAt)).limit(10);
      const call = async (number: number) => {
        const query = read(tenantId(1 + (number % TENANTS)));
        return await (cache === undefined ? query : query.$withCache());
      };
      return { name, call };
    };
    const reads = [
      await open("the query"),
      await open("found in Redis", tenantCache({ redis: redis.connect(), ttl: 3_600_000 })),
      await open("found in memory", tenantCache({ ttl: 3_600_000 })),
    ];

    const db = await connect({ url: database.serviceUrl, doors, max: 16 });
    closes.push(() => db.close());
    const creator = randomUUID();
    const row = { id: creator, email: "a@example.com", displayName: "A", passwordHash: "$argon2id$v=19$x" };
    await db.as(creator).insert(creators).values(row);
    const tables = {
      db,
      blacklist: jwtBlacklist,
      cutoffs: tokenCutoffs,
      isTokenRevoked: db.doors.isTokenRevoked,
    };
    const fast = tokenBlacklist({ ...tables, redis: redis.connect() });
    const slow = tokenBlacklist(tables);
    const revoked = Array.from({ length: TENANTS }, () => randomUUID());
    for (const jti of revoked) await fast.revoke(jti, new Date(Date.now() + 3_600_000), creator);
    const valid = Array.from({ length: TENANTS }, () => randomUUID());
    const issued = Math.floor(Date.now() / 1000) + 10;
    const ask =
      (blacklist: typeof fast, tokens: readonly string[], expected: boolean) => async (number: number) => {
        const found = await blacklist.isRevoked(tokens[number % TENANTS] ?? "", issued, creator);
        if (found !== expected)
          throw new Error(`a token is ${found ? "" : "not "}revoked that should be otherwise`);
      };
    const lookUps: Way[] = [
      { name: "the table, through its door", call: ask(slow, valid, false) },
      { name: "Redis, a valid token", call: ask(fast, valid, false) },
      { name: "Redis, a revoked token", call: ask(fast, revoked, true) },
    ];
    return [
      await compare("ten rows of a tenant", "reads/s", reads),
      await compare("is this token revoked?", "look-ups/s", lookUps),
    ].join("\n");
  } finally {
    for (const close of closes) await close();
    await database.drop();
    await redis.stop();
  }
}

async function compare(what: string, unit: string, ways: readonly Way[]): Promise<string> {
  const rows = new Map(ways.map(({ name }) => [name, [] as string[]]));
  for (const callers of CALLERS) {
    const rates = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
    for (const { call } of ways) await run(call, TENANTS * 2, callers);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const { name, call } of ways)
        rates.get(name)?.push(await run(call, CALLS * (callers > 1 ? 3 : 1), callers));
    const first = median(rates.get(ways[0]?.name ?? "") ?? []);
    for (const [name, found] of rates)
      rows.get(name)?.push(median(found).toFixed(0), (median(found) / first).toFixed(1));
  }
  return [
    `| ${what} | 1 caller, ${unit} | ratio | 16 callers, ${unit} | ratio |`,
    "|---|---|---|---|---|",
    ...[...rows].map(([name, cells]) => `| ${name} | ${cells.join(" | ")} |`),
    "",
  ].join("\n");
}

/** Calls in a second, by so many callers at once. */
async function run(call: Way["call"], calls: number, callers: number): Promise<number> {
  let left = calls;
  const started = performance.now();
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await call(left);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return calls / ((performance.now() - started) / 1000);
}
