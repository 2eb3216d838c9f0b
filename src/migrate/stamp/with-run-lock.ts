import type { Logger } from "../../core/logger.js";
import type { ConnectOptions } from "../../postgres/connect.js";
import { openBackend } from "../run/backend.js";
import { takeLock, withMigrationLock } from "../run/migration-lock.js";

/** How to lock a database against every other run. */
export type RunLockOptions = {
  readonly url: URL;
  readonly connect: ConnectOptions;
  /** Seconds to wait for another migrator. */
  readonly lockWaitSeconds: number;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
};

/**
 * Runs a function while no migrator runs, and while nothing is left to do on the server of one that was killed.
 *
 * @throws TenantryError `lock-timeout`, `interrupted`.
 */
export async function withRunLock<T>(options: RunLockOptions, use: () => Promise<T>): Promise<T> {
  const request = {
    ...options.connect,
    waitSeconds: options.lockWaitSeconds,
    signal: options.signal,
    onWait: (holder: string) => options.logger.info(`waiting for another migrator: ${holder}`),
  };
  return await withMigrationLock(options.url, request, async () => {
    const worker = await openBackend(options.url, {
      ...options.connect,
      applicationName: "tenantry migrate worker lock",
    });
    try {
      await takeLock(worker, { ...request, object: "worker" });
      return await use();
    } finally {
      await worker.close();
    }
  });
}
