import { setTimeout as pause } from "node:timers/promises";
import { TenantryError } from "../../core/errors.js";
import type { Logger } from "../../core/logger.js";
import type { Binaries } from "./binaries.js";
import { portInUse } from "./choose-port.js";
import { diskErrorFromOutput } from "./disk-error.js";
import type { EmbeddedServer } from "./embedded-server.js";
import { type EmbeddedState, writeState } from "./embedded-state.js";
import { findOrphans } from "./find-orphans.js";
import { findFreePort } from "./free-port.js";
import { launchServer } from "./launch-server.js";
import type { Place } from "./place.js";
import { describeServer } from "./read-embedded.js";
import type { Account } from "./unprivileged-account.js";

// Backends notice within moments that their postmaster died, unless they are busy computing.
const ORPHANS_MS = 10_000;
const ORPHANS_POLL_MS = 250;
const PORT_ATTEMPTS = 5;

/** What {@link launchOnFreePort} needs. */
export type PortLaunch = {
  readonly place: Place;
  readonly state: EmbeddedState;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  /** True if no other port than the state's will do. */
  readonly isPortFixed: boolean;
  readonly maxConnections: number | undefined;
  readonly logger: Logger;
};

/**
 * Remembers the state, then launches the server; should somebody snatch its port, on another one, which is
 * remembered instead. Waits for what a killed server left running.
 *
 * @throws TenantryError `port-in-use`, `disk` or `server-failed` with the end of the server's log.
 */
export async function launchOnFreePort(launch: PortLaunch): Promise<EmbeddedServer> {
  const { place, binaries, account, logger } = launch;
  let state = launch.state;
  let portAttempts = 1;
  for (const deadline = Date.now() + ORPHANS_MS; ; ) {
    // Before the launch: should we be killed meanwhile, the next start finds the server and knows its password.
    await writeState(place.stateDirectory, state, account);
    const result = await launchServer({ ...launch, ...state, binaries, account, logFile: place.logFile });
    if (!("failed" in result)) {
      logger.info(`The embedded server runs on 127.0.0.1:${result.port}.`);
      return describeServer(place, state, result, true);
    }
    const said = result.failed.join("\n");
    if (/could not bind(?!.*Permission denied)/.test(said) && portAttempts < PORT_ATTEMPTS) {
      // Somebody took it between our look and the server's.
      if (launch.isPortFixed) throw portInUse(state.port);
      state = { ...state, port: await findFreePort(place.stateDirectory, state.port) };
      portAttempts += 1;
    } else if (/pre-existing shared memory block/.test(said) && Date.now() < deadline) {
      await pause(ORPHANS_POLL_MS);
    } else {
      throw await launchFailed(state.dataDirectory, place.logFile, result.failed);
    }
  }
}

async function launchFailed(
  dataDirectory: string,
  logFile: string,
  failed: readonly string[],
): Promise<TenantryError> {
  const orphans = await findOrphans(dataDirectory);
  return (
    diskErrorFromOutput(failed, dataDirectory) ??
    new TenantryError({
      code: "server-failed",
      message: `The embedded server on ${dataDirectory} did not start.`,
      hint:
        orphans.length > 0
          ? `Processes of an earlier server still use the data; end them (\`kill ${orphans.join(" ")}\`), then run \`tenantry start\` again.`
          : `Solve what its log says (${logFile}), then run \`tenantry start\` again.`,
      details: failed,
    })
  );
}
