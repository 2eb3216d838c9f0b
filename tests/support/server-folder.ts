import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPostmaster } from "../../src/postgres/embedded/postmaster.js";
import { processIdExists } from "../../src/postgres/embedded/process-facts.js";
import { stopPostmaster } from "../../src/postgres/embedded/stop-embedded.js";

/**
 * Makes a temporary folder that bears this process's id, for a server with its data in `data`. What processes that are
 * no more have left under the same prefix is stopped and removed.
 */
export async function makeServerFolder(prefix: string): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || processIdExists(pid)) continue;
    // Another user's orphan is not ours to remove.
    await removeServerFolder(join(tmpdir(), name)).catch(() => {});
  }
  return await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** Stops the server that runs on the folder's `data`, if one does, and removes the folder. */
export async function removeServerFolder(folder: string): Promise<void> {
  const data = join(folder, "data");
  const postmaster = await readPostmaster(data);
  if (postmaster !== undefined) await stopPostmaster(data, postmaster, join(folder, "server.log"));
  await rm(folder, { recursive: true, force: true });
}
