import { defineRelations } from "drizzle-orm";
import fc from "fast-check";
import { connect, type TenantClient } from "tenantry/client";
import { tenantCache } from "tenantry/redis";
import { creators, documents, widgetConfigurations } from "tenantry/schema";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, signUp } from "./client-fixture.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";

const relations = defineRelations({ creators, documents, widgetConfigurations });
const SERVICES = 2;
const TENANTS = 3;

let database: TestDatabase;
let server: RedisServer;
const services: TenantClient<typeof relations>[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startRedisServer();
  for (let n = 0; n < SERVICES; n += 1) {
    const cache = tenantCache({ redis: server.connect(), strategy: "all", timeout: 150, waitFor: 50 });
    services.push(await connect({ url: database.serviceUrl, relations, max: 4, cache }));
  }
});

afterAll(async () => {
  for (const service of services) await service.close();
});

type Write = "insert" | "transaction" | "rollback" | "batch" | "delete";
type Step =
  | { readonly kind: "write"; readonly service: number; readonly tenant: number; readonly write: Write }
  | { readonly kind: "fault"; readonly fault: "flush" | "pause" | "resume" | "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      service: fc.nat(SERVICES - 1),
      tenant: fc.nat(TENANTS - 1),
      write: fc.constantFrom<Write>("insert", "transaction", "rollback", "batch", "delete"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      fault: fc.constantFrom("flush" as const, "pause" as const, "resume" as const, "restart" as const),
    }),
  },
);

/** Does it, and gives the titles that the tenant then has. */
async function write(
  of: TenantClient<typeof relations>,
  tenant: string,
  before: readonly string[],
  what: Write,
) {
  const title = crypto.randomUUID();
  const mine = of.as(tenant);
  if (what === "insert") await mine.insert(documents).values(draft(title));
  if (what === "batch") {
    const found = mine.select().from(documents);
    await mine.batch([mine.insert(documents).values(draft(title)), found]);
  }
  if (what === "delete") await mine.delete(documents);
  if (what === "transaction") {
    await mine.transaction(async (tx) => {
      await tx.delete(documents);
      await tx.insert(documents).values(draft(title));
    });
  }
  if (what === "rollback") {
    const failing = mine.transaction(async (tx) => {
      await tx.delete(documents);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    return [...before];
  }
  return what === "insert" || what === "batch" ? [...before, title] : what === "delete" ? [] : [title];
}

async function read(of: TenantClient<typeof relations>, tenant: string): Promise<string[]> {
  const rows = await of.as(tenant).select().from(documents);
  for (const row of rows) expect(row.creatorId).toBe(tenant);
  return rows.map(({ title }) => title).sort();
}

it("a service never reads what it has itself overwritten, nor another tenant's rows, whatever Redis does", async () => {
  let hits = 0;
  const run = async (steps: readonly Step[]) => {
    const [first] = services;
    if (first === undefined) throw new Error("no service");
    const tenants = await Promise.all(
      Array.from({ length: TENANTS }, () => signUp(first as unknown as Pick<TenantClient, "as">, "X")),
    );
    const model = tenants.map(() => ["X's"]);
    let state: "healthy" | "paused" = "healthy";
    // What another service has changed while Redis could not be told may be read until the entries expire.
    const unsure = new Set<string>();
    try {
      for (const one of steps) {
        if (one.kind === "fault") {
          if (state === "paused") server.resume();
          state = one.fault === "pause" ? "paused" : "healthy";
          if (one.fault === "pause") server.pause();
          if (one.fault === "flush") await server.flush();
          if (one.fault === "restart") {
            await server.save();
            await server.kill();
            await server.start();
          }
          continue;
        }
        const service = services[one.service] as (typeof services)[number];
        const tenant = tenants[one.tenant] as string;
        const before = [...(model[one.tenant] ?? [])].sort();
        const reads = services.map((each) => read(each, tenant));
        const after = (await write(service, tenant, before, one.write)).sort();
        model[one.tenant] = after;
        // Whoever reads while it is being written sees what was before or what is after.
        for (const [index, seen] of (await Promise.all(reads)).entries())
          if (!unsure.has(`${index} ${tenant}`)) expect([before, after]).toContainEqual(seen);
        if (one.write !== "rollback")
          for (let other = 0; other < SERVICES; other += 1)
            if (other !== one.service) unsure.add(`${other} ${tenant}`);
        // What was rolled back tells the cache nothing, not even of what another service has changed before.
        const unsureHere = `${one.service} ${tenant}`;
        if (one.write === "rollback" && unsure.has(unsureHere)) continue;
        for (let again = 0; again < 2; again += 1) {
          expect(await read(service, tenant)).toEqual(after);
          hits += 1;
        }
        unsure.delete(unsureHere);
      }
    } finally {
      if (state === "paused") server.resume();
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), run), {
    numRuns: 12,
    endOnFailure: true,
  });
  expect(hits).toBeGreaterThan(0);
}, 300_000);
