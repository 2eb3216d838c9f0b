import { TenantryError } from "../../core/errors.js";
import type { Database } from "../../postgres/connect.js";
import { openConnection } from "./open-connection.js";

/** How a pool opens its connections. */
export type PoolOptions = {
  readonly max: number;
  readonly applicationName: string;
  /** Milliseconds to wait for a connection when all are lent out. */
  readonly acquireTimeout: number;
};

/** Somebody who waits for a connection; done once it has one, or has given up. */
type Waiting = {
  readonly give: (connection: Database) => void;
  readonly refuse: (reason: unknown) => void;
};

/** How long a connection is used, so that a server that was moved or upgraded is found again. */
const LIFETIME_MS = 30 * 60_000;

/**
 * Connections that are lent out one at a time. Each is a postgres.js client of its own with one connection, because on
 * a connection that `reserve()` took from its pool, what was sent is never answered once that connection is lost.
 */
export class ConnectionPool {
  readonly url: URL;
  readonly #options: PoolOptions;
  /** The one given back last is lent out first: its statements are prepared. */
  readonly #idle: Database[] = [];
  readonly #opened = new Map<Database, number>();
  readonly #waiting = new Set<Waiting>();
  #prepares = true;
  #typed: Database | undefined;
  #closing: { readonly whenDone: () => void } | undefined;

  constructor(url: URL, options: PoolOptions) {
    this.url = url;
    this.#options = options;
  }

  /**
   * Lends a connection, as soon as one is free.
   *
   * @throws TenantryError `connection-failed` after `close()`, and if none became free in time; the signal's reason when
   * it is aborted. That a server cannot be reached shows with the first statement.
   */
  async acquire(signal?: AbortSignal): Promise<Database> {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) {
      throw closed();
    }
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#opened.size < this.#options.max) return this.#open();
    return await this.#wait(signal);
  }

  async #wait(signal: AbortSignal | undefined): Promise<Database> {
    let stop = () => {};
    try {
      return await new Promise((resolve, reject) => {
        const waiting: Waiting = { give: resolve, refuse: reject };
        this.#waiting.add(waiting);
        const giveUp = (reason: unknown) => {
          if (this.#waiting.delete(waiting)) reject(reason);
        };
        const onAbort = () => giveUp(signal?.reason);
        const timer = setTimeout(() => giveUp(noneFree(this.#options)), this.#options.acquireTimeout);
        signal?.addEventListener("abort", onAbort, { once: true });
        stop = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
        };
      });
    } finally {
      stop();
    }
  }

  /** From now on, connections know the types of arrays that this one has been told by the server. */
  takeTypesFrom(connection: Database): void {
    this.#typed = connection;
  }

  /**
   * From now on, nothing is kept prepared: for a pooler that hands a connection's statements to others. What is idle is
   * closed, since postgres.js has prepared on it what it asks for itself.
   */
  stopPreparing(): void {
    this.#prepares = false;
    for (const connection of this.#idle.splice(0)) this.discard(connection);
  }

  /** The one who has waited longest, who no longer waits then. */
  #nextWaiting(): Waiting | undefined {
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      return waiting;
    }
    return undefined;
  }

  /** Takes a connection back that is idle and outside of any transaction. */
  release(connection: Database): void {
    if (Date.now() - (this.#opened.get(connection) ?? 0) > LIFETIME_MS) {
      this.discard(connection);
      return;
    }
    const next = this.#nextWaiting();
    if (next !== undefined) next.give(connection);
    else this.#idle.push(connection);
    this.#noteReturn();
  }

  /** Closes a connection that is lost, or that nobody knows the state of. */
  discard(connection: Database): void {
    this.#opened.delete(connection);
    connection.end({ timeout: 0 }).catch(() => {});
    const next = this.#nextWaiting();
    if (next !== undefined) next.give(this.#open());
    this.#noteReturn();
  }

  /** Lends out nothing more, waits this long for what is lent, and closes all connections. */
  async close(timeoutSeconds: number): Promise<void> {
    if (this.#closing === undefined) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutSeconds * 1000);
        this.#closing = { whenDone: resolve };
        this.#noteReturn();
      });
      clearTimeout(timer);
    }
    // Else the connection that is closed under a statement would be followed by a new one for them.
    for (const { refuse } of this.#waiting) refuse(closed());
    this.#waiting.clear();
    await Promise.all([...this.#opened.keys()].map((connection) => connection.end({ timeout: 0 })));
  }

  #open(): Database {
    const connection = openConnection(this.url, {
      applicationName: this.#options.applicationName,
      prepares: this.#prepares,
      sameTypesAs: this.#typed,
      onLost: (lost) => this.#forgetIdle(lost),
    });
    this.#opened.set(connection, Date.now());
    return connection;
  }

  /** One that was lost while nobody used it; who has borrowed one finds out by itself. */
  #forgetIdle(lost: Database): void {
    const at = this.#idle.indexOf(lost);
    if (at === -1) return;
    this.#idle.splice(at, 1);
    this.#opened.delete(lost);
  }

  #noteReturn(): void {
    if (this.#waiting.size === 0 && this.#idle.length === this.#opened.size) this.#closing?.whenDone();
  }
}

function closed(): TenantryError {
  return new TenantryError({
    code: "connection-failed",
    message: "The database was used after db.close().",
    hint: "Close it when the service stops, after its last request.",
  });
}

function noneFree({ max, acquireTimeout }: PoolOptions): TenantryError {
  return new TenantryError({
    code: "connection-failed",
    message: `None of the ${max} connections became free in ${acquireTimeout / 1000} s.`,
    hint: "Look for transactions that wait for something else, or raise max in connect().",
  });
}
