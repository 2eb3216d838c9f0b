import { fileURLToPath } from "node:url";
import { startEmbedded } from "../../src/postgres/embedded/start-embedded.js";
import type { RunningServer } from "./running-server.js";
import { makeServerFolder, removeServerFolder } from "./server-folder.js";

const projectDirectory = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts an embedded server for this run alone, without fsync: two runs at once, of one checkout or several, do not
 * meet. It is in the system's temporary folder, which the unprivileged user can enter wherever the checkout is.
 */
export async function startEmbeddedServer(): Promise<RunningServer> {
  const stateDirectory = await makeServerFolder("tenantry-test-server-");
  try {
    const options = { projectDirectory, stateDirectory, durable: false, maxConnections: 300 };
    const server = await startEmbedded(options);
    return {
      url: server.url.href,
      origin: "embedded",
      stop: () => removeServerFolder(stateDirectory),
      kill: () => void process.kill(server.pid, "SIGQUIT"),
    };
  } catch (thrown) {
    await removeServerFolder(stateDirectory);
    throw thrown;
  }
}
