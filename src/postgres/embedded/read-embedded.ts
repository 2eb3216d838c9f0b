import { withDiskErrors } from "./disk-error.js";
import type { EmbeddedOptions, EmbeddedServer } from "./embedded-server.js";
import { type EmbeddedState, readState } from "./embedded-state.js";
import { type Place, readPlace } from "./place.js";
import { type Postmaster, readPostmaster } from "./postmaster.js";

/**
 * The project's embedded server if it runs and accepts connections, else undefined. Starts and changes nothing.
 *
 * @throws TenantryError `server-failed` if server.json is corrupt, `disk` if it cannot be read.
 * @example (await readEmbedded({ projectDirectory: process.cwd() }))?.port // 27311
 */
export async function readEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer | undefined> {
  const place = await readPlace(options);
  return withDiskErrors(place.stateDirectory, async () => {
    const state = await readState(place.stateDirectory);
    if (state === undefined) return undefined;
    const postmaster = await readPostmaster(state.dataDirectory);
    return postmaster?.status === "ready" ? describeServer(place, state, postmaster, false) : undefined;
  });
}

/** The parts, put together. The port is the one on which the server listens, whatever was remembered. */
export function describeServer(
  place: Place,
  state: EmbeddedState,
  postmaster: Postmaster,
  started: boolean,
): EmbeddedServer {
  return {
    url: new URL(
      `postgres://postgres:${encodeURIComponent(state.password)}@127.0.0.1:${postmaster.port}/postgres`,
    ),
    port: postmaster.port,
    dataDirectory: state.dataDirectory,
    logFile: place.logFile,
    pid: postmaster.process.pid,
    version: state.version,
    durable: state.durable,
    started,
  };
}
