import { TenantryError } from "../../../core/errors.js";
import type { Logger } from "../../../core/logger.js";
import { throwIfStopped } from "../interrupted.js";
import { pause } from "../pause.js";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/** How patiently to connect. */
export type Patience = {
  /** Seconds, after a first try has failed, in which the server may begin to answer. 0 for one try. */
  readonly waitSeconds: number;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
};

/**
 * Connects, again and again while the server does not answer: in a container it may start later than we do. A login that
 * it rejects, or a database that it does not have, is not waited for.
 *
 * @throws TenantryError as `connect`, `interrupted` if the signal fires meanwhile.
 */
export async function connectPatiently<T extends { readonly close: () => Promise<void> }>(
  connect: () => Promise<T>,
  { waitSeconds, logger, signal }: Patience,
): Promise<T> {
  let deadline: number | undefined;
  for (let tries = 0; ; tries++) {
    try {
      return await unlessStopped(connect(), signal);
    } catch (thrown) {
      throwIfStopped(signal);
      const wait = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
      // From the first failure: a try may itself take longer than somebody wants to wait for the next.
      deadline ??= Date.now() + waitSeconds * 1000;
      const mayCome = thrown instanceof TenantryError && thrown.code === "connection-failed";
      if (!mayCome || Date.now() + wait > deadline) throw thrown;
      if (tries === 0)
        logger.info(`waiting for the server: ${thrown.message}`, { event: "server-waited-for" });
      await pause(wait, signal);
    }
  }
}

/** A connection that comes too late is closed. */
async function unlessStopped<T extends { readonly close: () => Promise<void> }>(
  connecting: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  throwIfStopped(signal);
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new Error("stopped"));
    signal?.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([connecting, stopped]);
  } catch (thrown) {
    connecting.then(
      (late) => late.close(),
      () => {},
    );
    throw thrown;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
