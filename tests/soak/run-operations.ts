import { uuidV7 } from "tenantry";
import { connect } from "tenantry/client";
import { creators } from "tenantry/schema";
import { relations } from "tenantry/schema/generated/relations";
import type { Database } from "../../src/postgres/connect.js";
import type { RedisServer } from "../support/ill-treated-redis.js";
import { createCountedCache } from "./counted-cache.js";
import { Lane, type State, Wrong } from "./lane.js";
import { codesOf, OPERATIONS, prepareShared, type SoakContext } from "./operations.js";

/** How much is asked of whom. */
export type SoakOptions = {
  /** A service login's. */
  readonly url: URL;
  /** Sees and cuts the connections of the service. */
  readonly admin: Database;
  /** The service's login: its connections to the server are cut. */
  readonly login: string;
  /** Keeps the cache; it is killed, emptied and paused. */
  readonly redis: RedisServer;
  readonly operations: number;
  readonly tenants: number;
  /** Connections of the client: fewer than tenants. */
  readonly max: number;
  /** The same seed makes the same choices; what overlaps differs all the same. */
  readonly seed: number;
};

/** What was seen. */
export type SoakReport = {
  readonly operations: number;
  readonly byName: Readonly<Record<string, number>>;
  /** Rows of another tenant. */
  readonly leaks: readonly string[];
  /** Rows that are the tenant's, but not those of the model. */
  readonly differences: readonly string[];
  /** Operations that failed since their connection was cut or their caller gave up; none was half done. */
  readonly interrupted: number;
  readonly cuts: number;
  /** How often Redis was killed, emptied or paused. */
  readonly redisFaults: number;
  readonly cacheHits: number;
};

/** What an operation may fail with when its connection is cut, or a statement is cancelled. */
const INTERRUPTED: ReadonlySet<string> = new Set([
  ...["CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "ECONNRESET", "EPIPE"],
  // The server's words, then PgBouncer's.
  ...["57P01", "57P02", "57P03", "08006", "08P01", "08003", "58000"],
  ...["connection-failed", "statement-timeout", "AbortError"],
]);

/** One in so many operations is followed by a cut. */
const CUT_EVERY = 100;

/** One in so many is followed by a fault of Redis, which is over after another so many. */
const REDIS_FAULT_EVERY = 200;

/**
 * Runs random operations for several tenants at once over a small pool, cuts connections meanwhile, and holds each row
 * that comes back against a model.
 */
export async function runOperations(options: SoakOptions): Promise<SoakReport> {
  const { url, admin, operations, tenants, max, seed } = options;
  const cache = createCountedCache(options.redis);
  const redis = createRedisFaults(options.redis);
  const db = await connect({ url, max, relations, cache, onWarning: () => {}, applicationName: "soak" });
  const random = randomFrom(seed);
  const byName: Record<string, number> = {};
  const [leaks, differences]: [string[], string[]] = [[], []];
  let [left, interrupted, cuts] = [operations, 0, 0];
  try {
    const lanes: Lane[] = [];
    for (let number = 0; number < tenants; number += 1) {
      const id = uuidV7();
      const creator = {
        id,
        email: `${id}@example.com`,
        displayName: "soak",
        passwordHash: "$argon2id$v=19$x",
      };
      await db.as(id).insert(creators).values(creator);
      lanes.push(new Lane(db, id, random));
    }
    const names = Object.keys(OPERATIONS);
    const prepared = prepareShared(db);
    const run = async (lane: Lane) => {
      const other = () => {
        const strangers = lanes.filter((one) => one !== lane);
        const stranger = strangers[Math.floor(random() * strangers.length)] ?? lane;
        return { tenant: stranger.tenant, doc: stranger.pick() };
      };
      const context: SoakContext = { prepared, other };
      while (left > 0) {
        left -= 1;
        const name = names[Math.floor(random() * names.length)] ?? "select";
        byName[name] = (byName[name] ?? 0) + 1;
        let next: State = lane.state;
        const intend = (state: State) => {
          next = state;
        };
        try {
          await OPERATIONS[name]?.(lane, context, intend);
          lane.state = next;
        } catch (thrown) {
          const note = (what: string, isLeak: boolean) =>
            void (isLeak ? leaks : differences).push(`${name}: ${what}`);
          if (thrown instanceof Wrong) note(thrown.message, thrown.isLeak);
          else if (codesOf(thrown).some((code) => INTERRUPTED.has(code))) interrupted += 1;
          else note(`failed with ${codesOf(thrown)}: ${String(thrown)}`, false);
          await settle(lane, next, note);
        }
        if (random() < 1 / CUT_EVERY) cuts += await cut(options);
        if (random() < 1 / REDIS_FAULT_EVERY) await redis.next(random());
      }
    };
    await Promise.all(lanes.map(run));
    await redis.end();
    for (const lane of lanes) lane.expectRows(await lane.readAll(), lane.state.values());
    await requireSameAsServer(admin, lanes, differences);
  } finally {
    await db.close();
  }
  return {
    operations,
    byName,
    leaks,
    differences,
    interrupted,
    cuts,
    redisFaults: redis.count(),
    cacheHits: cache.hits(),
  };
}

/** What was interrupted is done whole or not at all: the model goes on with what the server has. */
async function settle(lane: Lane, next: State, note: (what: string, isLeak: boolean) => void): Promise<void> {
  const rows = await lane.readAll();
  for (const state of [lane.state, next]) {
    try {
      lane.expectRows(rows, state.values());
      lane.state = state;
      return;
    } catch (thrown) {
      if (thrown instanceof Wrong && thrown.isLeak) return note(thrown.message, true);
    }
  }
  note("was neither done nor left undone", false);
  lane.state = new Map(rows.map((row) => [row.id, row]));
}

/** The tables as a superuser sees them: nothing was written into another tenant. */
async function requireSameAsServer(
  admin: Database,
  lanes: readonly Lane[],
  differences: string[],
): Promise<void> {
  for (const { tenant, state } of lanes) {
    const rows = await admin<{ id: string }[]>`select id from documents where creator_id = ${tenant}`;
    if (rows.length !== state.size || rows.some(({ id }) => !state.has(id)))
      differences.push(`the server has ${rows.length} documents of ${tenant}, the model ${state.size}`);
  }
}

/** Ends one of the service's connections to the server, whatever it is doing. */
async function cut({ admin, login }: SoakOptions): Promise<number> {
  const [row] = await admin<{ cut: number }[]>`
    select count(*) filter (where pg_terminate_backend(pid))::int as cut from (
      select pid from pg_stat_activity where usename = ${login} and datname = current_database() order by random() limit 1
    ) as chosen`;
  return row?.cut ?? 0;
}

/** Faults of Redis, each ended by the one after it. */
function createRedisFaults(redis: RedisServer) {
  let [count, undo]: [number, () => Promise<void>] = [0, async () => {}];
  let turn = Promise.resolve();
  const end = async () => {
    await undo();
    undo = async () => {};
  };
  const strike = async (choice: number) => {
    await end();
    count += 1;
    if (choice < 1 / 3) {
      await redis.kill();
      undo = () => redis.start();
    } else if (choice < 2 / 3) {
      await redis.flush();
    } else {
      redis.pause();
      undo = async () => redis.resume();
    }
  };
  return {
    count: () => count,
    end,
    // Several lanes may ask at once.
    next: (choice: number): Promise<void> => {
      turn = turn.then(() => strike(choice));
      return turn;
    },
  };
}

/** Mulberry32: numbers from 0 to below 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
