import { dirname } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import { silentLogger } from "../../core/logger.js";
import type { ConnectOptions } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { orderMigrations } from "../plan/order-migrations.js";
import { engineError } from "../run/engine-error.js";
import { interrupted, throwIfStopped } from "../run/interrupted.js";
import type { RunOrigin } from "../run/run-log.js";
import type { Unknown } from "./arrive.js";
import { describeArrival, readTargetFacts } from "./arrive.js";
import { withReplay } from "./replay.js";
import type { StampOptions } from "./stamp-migrations.js";
import { stampMigrations } from "./stamp-migrations.js";

/** What to record, and what it is proven by. */
export type StampRequest = {
  readonly url: URL;
  readonly connect?: ConnectOptions;
  readonly folder: readonly Migration[];
  readonly ledger: LedgerPlace;
  /** The last migration to record. Without it the one whose result the database is. */
  readonly to?: string | undefined;
  /**
   * The server on which the folder is replayed, by a login that may make databases and roles there; or why it is recorded
   * without a proof, for the run log: then `to` must be given.
   */
  readonly proof: { readonly shadow: URL } | { readonly reason: string };
  /** What is not the migrations' business, as `stamp.ignore` of `defineTenancy`. Default nothing. */
  readonly ignore?: readonly string[];
  /** Seconds to wait for another migrator. Default 60. */
  readonly lockWaitSeconds?: number;
  readonly logger?: Logger;
  readonly signal?: AbortSignal | undefined;
  /** What the run log is to say. */
  readonly origin?: Partial<RunOrigin>;
  /** Say what would be recorded, and record nothing. Default false. */
  readonly dryRun?: boolean;
};

/** What {@link stamp} came to; only after `stamped` is the ledger another. */
export type StampResult =
  | { readonly outcome: "stamped" | "nothing"; readonly to: string; readonly stamped: readonly string[] }
  /** Nothing of the folder's making is there. */
  | { readonly outcome: "fresh" }
  /** The database is exactly what several migrations leave. */
  | { readonly outcome: "ambiguous"; readonly candidates: readonly string[] }
  | ({ readonly outcome: "unproven" } & Omit<Unknown, "kind">)
  | { readonly outcome: "refused" | "interrupted"; readonly error: TenantryError };

/**
 * Records migrations as applied without running them, because the database is exactly what they make: the folder is replayed
 * on a shadow, and compared after each migration. Expected failures are results and not exceptions.
 *
 * @example
 * const result = await stamp({ url, folder: await readFolder("drizzle"), ledger: DEFAULT_LEDGER, proof: { shadow } });
 * if (result.outcome === "unproven") console.error(result.nearest, result.differences);
 */
export async function stamp(request: StampRequest): Promise<StampResult> {
  try {
    return await stampOrThrow(request);
  } catch (thrown) {
    const error = request.signal?.aborted === true ? interrupted(thrown) : engineError(thrown);
    if (!(error instanceof TenantryError)) throw error;
    return { outcome: error.code === "interrupted" ? "interrupted" : "refused", error };
  }
}

async function stampOrThrow(request: StampRequest): Promise<StampResult> {
  const { url, connect = {}, ledger, ignore = [], logger = silentLogger, signal, proof } = request;
  throwIfStopped(signal);
  const folder = orderMigrations(request.folder);
  const scope = { ledger, ignore };
  const record = async (to: string, by: StampOptions["proof"]): Promise<StampResult> => {
    const stamped = await stampMigrations({
      url,
      connect,
      lockWaitSeconds: request.lockWaitSeconds ?? 60,
      logger,
      signal,
      folder,
      scope,
      to,
      proof: by,
      origin: { command: "stamp", version: "", ...request.origin },
      dryRun: request.dryRun ?? false,
    });
    return { outcome: stamped.length === 0 ? "nothing" : "stamped", to, stamped };
  };
  if ("reason" in proof) {
    if (request.to !== undefined) return await record(request.to, proof);
    throw new TenantryError({
      code: "argument-invalid",
      message: "Without a proof nobody knows what the database is.",
      hint: "Name the last migration that it has, as `to`.",
    });
  }
  const place = {
    server: proof.shadow,
    connect: { urlName: "the shadow's URL" },
    out: directoryOf(folder),
    signal,
    logger,
  };
  return await withReplay(place, folder, async (replay) => {
    const target = await withDatabase(url, connect, (database) => readTargetFacts(database, replay));
    const { kind, ...arrival } = describeArrival(replay, folder, target, scope);
    const isNamed = request.to !== undefined && kind !== "unknown";
    if (isNamed) return await record(request.to, { replay });
    if ("to" in arrival) return await record(arrival.to, { replay });
    if ("candidates" in arrival) return { outcome: "ambiguous", ...arrival };
    if ("nearest" in arrival) return { outcome: "unproven", ...arrival };
    return { outcome: "fresh" };
  });
}

/** Where a folder lies: shadows are kept apart by it. */
function directoryOf([first]: readonly Migration[]): string {
  if (first === undefined) return "";
  return first.layout === "v1" ? dirname(dirname(first.file)) : dirname(first.file);
}
