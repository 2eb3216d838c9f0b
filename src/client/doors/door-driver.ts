import postgres from "postgres";
import type { ExplainFailure } from "../errors/explain-failure.js";
import type { ConnectionPool } from "../pool/connection-pool.js";
import { requireSendable } from "../pool/require-sendable.js";
import type { PendingRows } from "../tenant/run-transaction.js";

/** What the calls of doors need of a client. */
export type DoorScope = {
  readonly pool: ConnectionPool;
  readonly prepare: boolean;
  readonly explain: ExplainFailure;
};

/**
 * Drizzle's driver for doors: one statement, without a transaction and without a tenant, in one round trip once it is
 * prepared. What it sends is `createDoorCalls`' own.
 */
export class DoorDriver {
  readonly options = { parsers: {}, serializers: {} };
  readonly #scope: DoorScope;

  constructor(scope: DoorScope) {
    this.#scope = scope;
  }

  /** @throws what explains a refusal of the server. */
  unsafe(sql: string, parameters: readonly unknown[]): PendingRows {
    let asArrays = false;
    const rows = this.#send(sql, parameters, () => asArrays);
    return Object.assign(rows, {
      values: () => {
        asArrays = true;
        return rows;
      },
    });
  }

  async #send(sql: string, parameters: readonly unknown[], asArrays: () => boolean): Promise<unknown> {
    const { pool, prepare, explain } = this.#scope;
    requireSendable(parameters);
    const connection = await pool.acquire();
    let isSound = false;
    try {
      // `simple` is not in the types of postgres.js. Never simple: such a text may hold several statements.
      const query = connection.unsafe(sql, [...parameters] as never[], { prepare, simple: false } as never);
      if (asArrays()) query.values();
      const rows = await query;
      isSound = true;
      return rows;
    } catch (thrown) {
      isSound = thrown instanceof postgres.PostgresError && thrown.severity === "ERROR";
      throw explain(thrown);
    } finally {
      if (isSound) pool.release(connection);
      else pool.discard(connection);
    }
  }
}
