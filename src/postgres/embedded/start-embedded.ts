import { dirname } from "node:path";
import { TenantryError } from "../../core/errors.js";
import { type Logger, silentLogger } from "../../core/logger.js";
import { usableBinaries } from "./binaries.js";
import { choosePort } from "./choose-port.js";
import { createDataDirectory, removeUnfinishedData } from "./create-data-directory.js";
import { withDiskErrors } from "./disk-error.js";
import { withEmbeddedLock } from "./embedded-lock.js";
import type { EmbeddedOptions, EmbeddedServer } from "./embedded-server.js";
import { type EmbeddedState, newPassword, readState } from "./embedded-state.js";
import { launchOnFreePort } from "./launch-on-free-port.js";
import { awaitReady } from "./launch-server.js";
import { chooseData, findData, type Place, prepareStateDirectory, readPlace } from "./place.js";
import { findPlatformPackage, type PlatformPackage } from "./platform-package.js";
import { disarmPidFile } from "./postmaster.js";
import { describeServer, readEmbedded } from "./read-embedded.js";
import { requireData, requireUsableData } from "./require-data.js";
import { resetPassword } from "./reset-password.js";
import { stopPostmaster } from "./stop-embedded.js";
import { chooseAccount } from "./unprivileged-account.js";

/** How the embedded server is started. */
export type StartOptions = EmbeddedOptions & {
  /** False: no fsync, for tests; a power cut may then cost all data. Default: true. */
  readonly durable?: boolean | undefined;
  /** Must be free. Default: the port of the last start, else any free one; it is remembered. */
  readonly port?: number | undefined;
  /** Default: PostgreSQL's, 100. */
  readonly maxConnections?: number | undefined;
};

/**
 * Starts the project's embedded PostgreSQL, or finds it running; on the first start it creates the data. The server
 * outlives this process. Of several starts at once, one starts it and the others find it.
 *
 * @throws TenantryError `binaries-missing`; `disk` if it is full, read-only or closed to us; `port-in-use` for a
 * requested port; `server-failed` with the end of the server's log; `argument-invalid` if it already runs on
 * another port than the requested one; `interrupted`; `lock-timeout`. On no error anything existing is deleted.
 * @example
 * const server = await startEmbedded({ projectDirectory: process.cwd() });
 * const sql = postgres(server.url.href);
 */
export async function startEmbedded(options: StartOptions): Promise<EmbeddedServer> {
  const logger = options.logger ?? silentLogger;
  const running = await readEmbedded(options);
  if (running !== undefined) return accept(running, options, logger);

  const found = await findPlatformPackage(options.projectDirectory);
  const before = await readPlace(options);
  return withDiskErrors(before.stateDirectory, async () => {
    await prepareStateDirectory(
      before.stateDirectory,
      await chooseAccount(options.projectDirectory, undefined),
    );
    const place = await readPlace(options);
    return withEmbeddedLock(place.stateDirectory, async () => {
      const meanwhile = await readEmbedded(options);
      if (meanwhile !== undefined) return accept(meanwhile, options, logger);
      return startLocked(options, place, found, logger);
    });
  });
}

async function startLocked(
  options: StartOptions,
  place: Place,
  found: PlatformPackage,
  logger: Logger,
): Promise<EmbeddedServer> {
  const remembered = await readState(place.stateDirectory);
  const existing = remembered?.dataDirectory ?? (await findData(place));
  if (existing !== undefined) await requireData(existing, place);
  const account = await chooseAccount(options.projectDirectory, existing);
  const binaries = await usableBinaries(found, account, place.copies);
  if (existing !== undefined) await requireUsableData(existing, account, binaries);

  // Somebody launched it and was killed before it was ready, or it was launched by hand.
  const launched = existing === undefined ? undefined : await awaitReady(existing, place.logFile);
  if (launched !== undefined && remembered !== undefined) {
    return accept(describeServer(place, remembered, launched, false), options, logger);
  }
  if (launched !== undefined && existing !== undefined) {
    logger.warn("server.json is lost: the running embedded server is stopped, to get a new password.");
    await stopPostmaster(existing, launched, place.logFile);
  }
  if (existing !== undefined) await disarmPidFile(existing);

  const durable = options.durable ?? true;
  const ports = { requested: options.port, remembered: remembered?.port, seed: place.stateDirectory };
  const state: EmbeddedState = {
    port: await choosePort(ports, logger),
    password: remembered?.password ?? newPassword(),
    dataDirectory: existing ?? (await chooseData(place, account)),
    version: binaries.version,
    durable,
  };
  await removeUnfinishedData(dirname(state.dataDirectory));
  if (existing === undefined) {
    logger.info(`Creating the embedded server's data in ${state.dataDirectory} …`);
    await createDataDirectory({ ...state, binaries, account });
  } else if (remembered === undefined) {
    logger.warn(`server.json was lost: the data in ${existing} gets a new password.`);
    await resetPassword({ ...state, binaries, account });
  }
  const { maxConnections } = options;
  const isPortFixed = options.port !== undefined;
  return launchOnFreePort({ place, state, binaries, account, isPortFixed, maxConnections, logger });
}

function accept(running: EmbeddedServer, options: StartOptions, logger: Logger): EmbeddedServer {
  if (options.port !== undefined && options.port !== running.port) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `The embedded server already runs on port ${running.port}, not on ${options.port}.`,
      hint: "Run `tenantry stop`, then `tenantry start` with the port you want.",
    });
  }
  if (options.durable === true && !running.durable) {
    logger.warn(
      "The running embedded server was started without fsync; stop and start it to make it durable.",
    );
  }
  return running;
}
