import { parseDatabaseUrl } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import type { GuardOptions } from "../guards/guard-connection.js";
import type { PoolOptions } from "../pool/connection-pool.js";
import { RecentWrites } from "./recent-writes.js";
import { Replica } from "./replica.js";
import { ReplicaRouter } from "./replica-router.js";

/** What of `connect()`'s options concerns replicas. */
export type ReplicaOptions = {
  readonly replicas?: readonly (string | URL)[];
  readonly readYourWrites?: number;
};

const DEFAULT_WINDOW_MS = 5_000;

/**
 * Connects to the replicas and guards each as the primary; one that cannot be reached is tried again later. Undefined where
 * none are named.
 *
 * @throws TenantryError as `guardConnection` for a login that must not serve tenants; `argument-invalid`
 */
export async function openReplicas(
  { replicas = [], readYourWrites = DEFAULT_WINDOW_MS }: ReplicaOptions,
  pool: PoolOptions,
  guard: GuardOptions,
): Promise<ReplicaRouter | undefined> {
  if (!Number.isFinite(readYourWrites) || readYourWrites < 0) {
    throw new TenantryError({
      code: "argument-invalid",
      message: "readYourWrites is not a number of milliseconds from 0 on.",
      hint: "Pass readYourWrites: 5000 for five seconds.",
    });
  }
  if (replicas.length === 0) return undefined;
  const opened = replicas.map((url, index) => {
    const urlName = `replicas[${index}] of connect()`;
    return new Replica(parseDatabaseUrl(String(url), urlName), pool, { ...guard, urlName });
  });
  const router = new ReplicaRouter(opened, new RecentWrites(readYourWrites), guard.warn);
  const guarded = await Promise.allSettled(opened.map((replica) => replica.guard()));
  const refused = guarded.find((one) => one.status === "rejected");
  if (refused === undefined) return router;
  await router.close(0);
  throw refused.reason;
}
