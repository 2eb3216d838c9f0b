import { AsyncLocalStorage } from "node:async_hooks";
import { TenantryError } from "../../core/errors.js";
import type { Statement } from "../pool/pipeline.js";

/** A query of Drizzle's that has not been sent: sending begins when it is awaited. */
export type BatchQuery<T = unknown> = PromiseLike<T>;

/** The results of queries, in their order. */
export type BatchResults<TQueries extends readonly BatchQuery[]> = {
  -readonly [Index in keyof TQueries]: Awaited<TQueries[Index]>;
};

type Asked = {
  readonly statement: () => Statement;
  readonly resolve: (rows: unknown) => void;
  readonly reject: (thrown: unknown) => void;
};

/** Statements that are gathered, to be sent as one transaction. */
class Batch {
  readonly owner: object;
  readonly asked: Asked[] = [];
  isOpen = true;

  constructor(owner: object) {
    this.owner = owner;
  }
}

const batches = new AsyncLocalStorage<Batch>();

/** True while the queries of a batch are being started: nothing is sent before each of them has asked. */
export function isGathering(): boolean {
  return batches.getStore()?.isOpen === true;
}

/**
 * Hands a statement to the batch that is being gathered; undefined where none is, and the statement is to be sent.
 *
 * @param owner the database that the statement is for.
 * @throws TenantryError `isolation` for a statement of another tenant's database.
 */
export function joinBatch(owner: object, statement: () => Statement): Promise<unknown> | undefined {
  const batch = batches.getStore();
  if (batch === undefined || !batch.isOpen) return undefined;
  if (batch.owner !== owner) {
    throw new TenantryError({
      code: "isolation",
      message: "A batch holds a query of another database object.",
      hint: "Build all queries on the object whose batch() they are for: const mine = db.as(id); mine.batch([mine.select()…]).",
    });
  }
  return new Promise((resolve, reject) => batch.asked.push({ statement, resolve, reject }));
}

/**
 * Runs queries as one transaction in one round trip: each is started, so that Drizzle turns it into a statement, and the
 * statements are kept back until all are there.
 *
 * @param send sends them, and gives their rows in order; rejects with the error of the first that failed.
 * @throws what the first failing query throws; nothing of the batch is then kept.
 */
export async function runBatch(
  owner: object,
  queries: readonly BatchQuery[],
  send: (statements: readonly Statement[]) => Promise<readonly unknown[]>,
): Promise<unknown[]> {
  if (queries.length === 0) return [];
  const batch = new Batch(owner);
  let settled = 0;
  let failure: { readonly thrown: unknown } | undefined;
  const results = batches.run(batch, () =>
    queries.map((query) =>
      // `then` is what starts it.
      Promise.resolve(query).then(
        (rows) => {
          settled += 1;
          return rows;
        },
        (thrown: unknown) => {
          settled += 1;
          failure ??= { thrown };
          throw thrown;
        },
      ),
    ),
  );
  const all = Promise.allSettled(results);
  // A cache or a tracer may stand between the query and its statement, for some turns; it is sent when each has asked.
  while (batch.asked.length + settled < queries.length) await new Promise((resolve) => setImmediate(resolve));
  batch.isOpen = false;
  if (failure !== undefined) {
    for (const { reject } of batch.asked) reject(failure.thrown);
    await all;
    throw failure.thrown;
  }
  await answer(batch.asked, send);
  await all;
  if (failure !== undefined) throw (failure as { readonly thrown: unknown }).thrown;
  return await Promise.all(results);
}

async function answer(
  asked: readonly Asked[],
  send: (statements: readonly Statement[]) => Promise<readonly unknown[]>,
): Promise<void> {
  try {
    const rows = await send(asked.map(({ statement }) => statement()));
    for (const [index, { resolve }] of asked.entries()) resolve(rows[index]);
  } catch (thrown) {
    const failed = thrown instanceof BatchFailure ? thrown : undefined;
    // The one that failed first says so first: its error is the batch's.
    const first = asked[failed?.index ?? 0];
    first?.reject(failed?.thrown ?? thrown);
    await undefined;
    for (const one of asked) if (one !== first) one.reject(failed?.thrown ?? thrown);
  }
}

/** Which of several statements failed, and how. */
export class BatchFailure extends Error {
  readonly index: number;
  readonly thrown: unknown;

  constructor(index: number, thrown: unknown) {
    super("a statement of a batch failed");
    this.index = index;
    this.thrown = thrown;
  }
}
