import { count, eq, sql } from "drizzle-orm";
import type { PreparedForTenants } from "tenantry/client";
import { documents } from "tenantry/schema";
import { codeOf } from "../../src/core/errors.js";
import { COLUMNS, type Doc, type Lane, type SoakClient, type State, Wrong } from "./lane.js";

type Row = Doc & { readonly creatorId: string };

/** What operations share. */
export type SoakContext = {
  readonly prepared: PreparedForTenants<Row[]>;
  /** Another tenant, with a document of its own where it has one. */
  readonly other: () => { readonly tenant: string; readonly doc: Doc | undefined };
};

/**
 * Something that services do, or an attack. It says first to which state it leads, so that after a cut connection either
 * that or the one before must be found.
 */
export type Operation = (
  lane: Lane,
  context: SoakContext,
  intend: (state: State) => void,
) => Promise<unknown>;

/** Prepares what is shared. */
export function prepareShared(db: SoakClient): PreparedForTenants<Row[]> {
  return db.prepare((q) =>
    q
      .select(COLUMNS)
      .from(documents)
      .where(eq(documents.title, sql.placeholder("title")))
      .prepare("by_title"),
  );
}

const titled = (lane: Lane, title: string) => [...lane.state.values()].filter((doc) => doc.title === title);

const mustFail = async (attempt: PromiseLike<unknown>, codes: readonly string[]) => {
  const thrown = await Promise.resolve(attempt).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown === undefined) throw new Wrong(`what must fail with ${codes} did not`, false);
  if (!codesOf(thrown).some((code) => codes.includes(code))) throw thrown;
};

/** Of an error and of what it was thrown for. */
export function codesOf(thrown: unknown): string[] {
  const codes: string[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) {
    codes.push(codeOf(error) ?? error.name);
  }
  return codes;
}

const insert = async (lane: Lane, intend: (state: State) => void, amount: number) => {
  const made = Array.from({ length: amount }, () => lane.draft());
  const docs = made.map(({ doc }) => doc);
  intend(lane.with(...docs));
  const rows = await lane
    .as()
    .insert(documents)
    .values(made.map(({ row }) => row))
    .returning(COLUMNS);
  lane.expectRows(rows, docs);
};

class Undone extends Error {}

/** By name; of those that come twice there is more. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  select: async (lane) =>
    lane.expectRows(await lane.as().select(COLUMNS).from(documents), lane.state.values()),

  filter: async (lane) => {
    const title = `title ${Math.floor(lane.random() * 5)}`;
    const rows = await lane.as().select(COLUMNS).from(documents).where(eq(documents.title, title));
    lane.expectRows(rows, titled(lane, title));
  },

  insert: (lane, _, intend) => insert(lane, intend, 1),

  "insert many": (lane, _, intend) => insert(lane, intend, 3),

  update: async (lane, _, intend) => {
    const doc = lane.pick();
    if (doc === undefined) return;
    const changed = { ...doc, title: `title ${Math.floor(lane.random() * 5)}`, version: doc.version + 1 };
    intend(lane.with(changed));
    const rows = await lane
      .as()
      .update(documents)
      .set({ title: changed.title, version: sql`${documents.version} + 1` })
      .where(eq(documents.id, doc.id))
      .returning(COLUMNS);
    lane.expectRows(rows, [changed]);
  },

  delete: async (lane, _, intend) => {
    const doc = lane.state.size > 10 || lane.random() < 0.3 ? lane.pick() : undefined;
    if (doc === undefined) return;
    intend(lane.without(doc.id));
    lane.expectRows(await lane.as().delete(documents).where(eq(documents.id, doc.id)).returning(COLUMNS), [
      doc,
    ]);
  },

  relational: async (lane) => {
    const found = await lane.as().query.creators.findMany({
      with: { documents: { columns: { creatorId: true, id: true, title: true, version: true } } },
    });
    lane.expectEqual(found.length, 1);
    lane.expectEqual(found[0]?.id, lane.tenant);
    lane.expectRows(found[0]?.documents ?? [], lane.state.values());
  },

  prepared: async (lane, { prepared }) => {
    const title = `title ${Math.floor(lane.random() * 5)}`;
    lane.expectRows(await prepared.as(lane.tenant).execute({ title }), titled(lane, title));
  },

  count: async (lane) => lane.expectEqual(await lane.as().$count(documents), lane.state.size),

  // Twice: the first fills what the second finds.
  cached: async (lane) => {
    for (let time = 0; time < 2; time += 1)
      lane.expectRows(await lane.as().select(COLUMNS).from(documents).$withCache(), lane.state.values());
  },

  batch: async (lane, _, intend) => {
    const { doc, row } = lane.draft();
    const next = lane.with(doc);
    intend(next);
    const mine = lane.as();
    const [made, [counted], rows] = await mine.batch([
      mine.insert(documents).values(row).returning(COLUMNS),
      mine.select({ count: count() }).from(documents),
      mine.select(COLUMNS).from(documents),
    ]);
    lane.expectRows(made, [doc]);
    lane.expectEqual(counted?.count, next.size);
    lane.expectRows(rows, next.values());
  },

  "failing batch": async (lane) => {
    const mine = lane.as();
    const failing = mine.batch([
      mine.insert(documents).values(lane.draft().row),
      mine.execute(sql`select 1 / ${0}::int`),
      mine.select().from(documents),
    ]);
    await mustFail(failing, ["22012"]);
  },

  transaction: async (lane, _, intend) => {
    const { doc, row } = lane.draft();
    const gone = lane.state.size > 5 ? lane.pick() : undefined;
    const next = new Map(lane.with(doc));
    if (gone !== undefined) next.delete(gone.id);
    intend(next);
    await lane.as().transaction(async (tx) => {
      await tx.insert(documents).values(row);
      if (gone !== undefined) await tx.delete(documents).where(eq(documents.id, gone.id));
      lane.expectRows(await tx.select(COLUMNS).from(documents), next.values());
    });
  },

  "rolled back": async (lane) => {
    const undone = lane.as().transaction(async (tx) => {
      await tx.delete(documents);
      lane.expectEqual(await tx.$count(documents), 0);
      throw new Undone();
    });
    await mustFail(undone, [new Undone().name]);
  },

  savepoint: async (lane, _, intend) => {
    const { doc, row } = lane.draft();
    const next = lane.with(doc);
    intend(next);
    await lane.as().transaction(async (tx) => {
      await tx.insert(documents).values(row);
      const inner = tx.transaction(async (savepoint) => {
        await savepoint.delete(documents);
        await savepoint.execute(sql`select 1 / ${0}::int`);
      });
      await mustFail(inner, ["22012"]);
      lane.expectRows(await tx.select(COLUMNS).from(documents), next.values());
    });
  },

  error: (lane) => mustFail(lane.as().execute(sql`select 1 / ${0}::int`).then(), ["22012"]),

  duplicate: async (lane) => {
    const doc = lane.pick();
    if (doc === undefined) return;
    await mustFail(
      lane
        .as()
        .insert(documents)
        .values({ ...lane.draft().row, id: doc.id }),
      ["unique-violation"],
    );
  },

  "insert for another": async (lane, { other }) =>
    mustFail(
      lane
        .as()
        .insert(documents)
        .values({ ...lane.draft().row, creatorId: other().tenant }),
      ["row-not-permitted"],
    ),

  "reach for another": async (lane, { other }) => {
    const { tenant, doc } = other();
    const mine = lane.as();
    lane.expectRows(await mine.select(COLUMNS).from(documents).where(eq(documents.creatorId, tenant)), []);
    if (doc === undefined) return;
    const isTheirs = eq(documents.id, doc.id);
    lane.expectRows(
      await mine.update(documents).set({ title: "stolen" }).where(isTheirs).returning(COLUMNS),
      [],
    );
    lane.expectRows(await mine.delete(documents).where(isTheirs).returning(COLUMNS), []);
  },

  abort: async (lane, _, intend) => {
    const { doc, row } = lane.draft();
    const next = lane.with(doc);
    intend(next);
    const abort = new AbortController();
    const mine = lane.as({ signal: abort.signal });
    const work =
      lane.random() < 0.5
        ? mine.insert(documents).values(row).then()
        : mine.transaction(async (tx) => {
            await tx.insert(documents).values(row);
            await tx.select().from(documents);
          });
    const turns = Math.floor(lane.random() * 20);
    const aborting = (async () => {
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      abort.abort();
    })();
    await Promise.allSettled([work, aborting]);
    await work;
  },
};
