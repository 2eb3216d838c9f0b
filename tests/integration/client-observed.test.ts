import { sql } from "drizzle-orm";
import { type ClientOperation, connect, type Span, type TenantClient, type Tracer } from "tenantry/client";
import { auditLogs, documents } from "tenantry/schema";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";
import { draft, failureOf, signUp } from "./client-fixture.js";

let database: TestDatabase;
let ann: string;

type Recorded = { name: string; attributes: Record<string, unknown>; status: number; ended: number };

/** What OpenTelemetry's would remember. */
function recordingTracer(): { tracer: Tracer; spans: Recorded[] } {
  const spans: Recorded[] = [];
  const tracer: Tracer = {
    startSpan: (name, { attributes }) => {
      const recorded: Recorded = { name, attributes: { ...attributes }, status: 0, ended: 0 };
      spans.push(recorded);
      const span: Span = {
        setAttribute: (key, value) => {
          recorded.attributes[key] = value;
        },
        setStatus: ({ code }) => {
          recorded.status = code;
        },
        end: () => {
          recorded.ended += 1;
        },
      };
      return span;
    },
  };
  return { tracer, spans };
}

/** One of each kind, and one that fails. */
async function runAll(db: TenantClient): Promise<void> {
  const mine = db.as(ann);
  await mine.select().from(documents);
  await mine.batch([mine.$count(documents), mine.$count(documents)]);
  await mine.transaction((tx) => tx.select().from(documents));
  await failureOf(mine.execute(sql`select ${"secret"}::text, 1 / ${0}::int`).then());
}

beforeAll(async () => {
  database = await createTestDatabase();
  const db = await connect({ url: database.serviceUrl });
  ann = await signUp(db, "Ann");
  await db.close();
});

describe("what a service asks of its database", () => {
  const globalApi = Symbol.for("opentelemetry.js.api.1");

  afterEach(() => void Reflect.deleteProperty(globalThis, globalApi));

  it("is a span of a tracer that is handed over, without the values of parameters", async () => {
    const { tracer, spans } = recordingTracer();
    const db = await connect({ url: database.serviceUrl, tracer });
    await runAll(db);
    expect(spans.map(({ name, status, ended }) => [name, status, ended])).toEqual([
      ["tenantry statement", 0, 1],
      ["tenantry batch", 0, 1],
      ["tenantry transaction", 0, 1],
      ["tenantry statement", 2, 1],
    ]);
    expect(spans[0]?.attributes).toMatchObject({
      "db.system.name": "postgresql",
      "db.namespace": database.name,
      "db.query.text": expect.stringMatching(/^select .* from "documents"$/),
      "tenantry.tenant": ann,
      "tenantry.server": "primary",
    });
    expect(spans[1]?.attributes["db.operation.batch.size"]).toBe(2);
    expect(spans[3]?.attributes["error.type"]).toBe("22012");
    expect(JSON.stringify(spans)).not.toContain("secret");
    await db.close();
  });

  it("is a span of the host's tracer, if it has one, unless it is switched off", async () => {
    const { tracer, spans } = recordingTracer();
    const names: string[] = [];
    const provider = {
      getTracer(this: unknown, name: string) {
        expect(this).toBe(provider);
        names.push(name);
        return tracer;
      },
    };
    const db = await connect({ url: database.serviceUrl });
    const silent = await connect({ url: database.serviceUrl, tracer: false });
    // After it has connected.
    Reflect.set(globalThis, globalApi, { version: "1.9.0", trace: provider });
    await runAll(db);
    await runAll(silent);
    expect(spans).toHaveLength(4);
    expect(new Set(names)).toEqual(new Set(["tenantry"]));
    await Promise.all([db.close(), silent.close()]);
  });

  it("is told to a callback, with what it took and what became of it", async () => {
    const operations: ClientOperation[] = [];
    const db = await connect({
      url: database.serviceUrl,
      onOperation: (operation) => operations.push(operation),
    });
    await runAll(db);
    expect(
      operations.map(({ kind, statements, outcome, errorCode }) => [kind, statements, outcome, errorCode]),
    ).toEqual([
      ["statement", 1, "done", undefined],
      ["batch", 2, "done", undefined],
      ["transaction", 0, "done", undefined],
      ["statement", 1, "failed", "22012"],
    ]);
    for (const { tenant, milliseconds, server } of operations) {
      expect([tenant, server]).toEqual([ann, "primary"]);
      expect(milliseconds).toBeGreaterThan(0);
    }
    await db.close();
  });
});

describe("who acts", () => {
  it("is written down with each change, by statement, batch and transaction", async () => {
    const db = await connect({ url: database.serviceUrl, max: 1 });
    const as = (requestId: string) => db.as(ann, { actor: "user:7", requestId });
    await as("one").insert(documents).values(draft("a"));
    const batched = as("two");
    await batched.batch([batched.insert(documents).values(draft("b"))]);
    await as("three").transaction((tx) => tx.insert(documents).values(draft("c")));
    await db.as(ann).insert(documents).values(draft("d"));
    const rows = await db
      .as(ann)
      .select({ actor: auditLogs.actor, request: auditLogs.requestId })
      .from(auditLogs)
      .where(sql`${auditLogs.after} ->> 'title' in ('a', 'b', 'c', 'd')`)
      .orderBy(auditLogs.createdAt);
    expect(rows).toEqual([
      { actor: "user:7", request: "one" },
      { actor: "user:7", request: "two" },
      { actor: "user:7", request: "three" },
      { actor: null, request: null },
    ]);
    await db.close();
  });
});
