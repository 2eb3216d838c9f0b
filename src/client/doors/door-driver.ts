import postgres from "postgres";
import { TenantryError } from "../../core/errors.js";
import type { ExplainFailure } from "../errors/explain-failure.js";
import type { ConnectionPool } from "../pool/connection-pool.js";
import { requireSendable } from "../pool/require-sendable.js";
import { isInside } from "../tenant/surroundings.js";
import type { PendingRows } from "../tenant/tenant-driver.js";

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

  /** @throws TenantryError `isolation` inside a transaction, and what explains a refusal of the server. */
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
    refuseInsideTransaction(pool);
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

/** It would run on a second connection, past the transaction, and wait for it forever on a small pool. */
function refuseInsideTransaction(pool: ConnectionPool): void {
  if (!isInside(pool)) return;
  throw new TenantryError({
    code: "isolation",
    message: "A door was called inside a transaction.",
    hint: "Call it before the transaction begins: a door finds out whose transaction it is going to be.",
  });
}
