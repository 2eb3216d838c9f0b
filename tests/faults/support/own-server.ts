import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onDatabase } from "../../../src/core/database-url.js";
import { type StartOptions, startEmbedded } from "../../../src/postgres/embedded/start-embedded.js";
import { makeServerFolder, removeServerFolder } from "../../support/server-folder.js";

const projectDirectory = fileURLToPath(new URL("../../..", import.meta.url));

/** A PostgreSQL server for one test alone, with fsync, that may be killed and started again. */
export type OwnServer = {
  readonly stateDirectory: string;
  readonly database: (name: string) => URL;
  /** Ends all its processes with SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, after its recovery. */
  restart(): Promise<void>;
  remove(): Promise<void>;
};

/** Starts one, in a folder that exists or in a new one. */
export async function startOwnServer(folder?: string): Promise<OwnServer> {
  const stateDirectory = folder ?? (await makeServerFolder("tenantry-fault-server-"));
  const options: StartOptions = { projectDirectory, stateDirectory, durable: true, maxConnections: 60 };
  let server = await startEmbedded(options);
  return {
    stateDirectory,
    database: (name) => onDatabase(server.url, name),
    kill: async () => {
      const pids = [server.pid, ...(await childrenOf(server.pid))];
      for (const pid of pids) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It ended by itself when the postmaster did.
        }
      }
    },
    restart: async () => {
      server = await startEmbedded({ ...options, port: server.port });
    },
    remove: () => removeServerFolder(stateDirectory),
  };
}

/** As Linux tells: the fourth field of `/proc/<pid>/stat`, behind the name in parentheses. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      return { pid, parent: Number(stat.slice(stat.lastIndexOf(")") + 1).split(" ")[2]) };
    }),
  );
  return parents.filter((one) => one.parent === parent).map(({ pid }) => pid);
}
