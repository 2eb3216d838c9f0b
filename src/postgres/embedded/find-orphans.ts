import { readdir, readlink, realpath } from "node:fs/promises";

/**
 * The processes that work in this data directory, such as backends that survived their postmaster. Empty where
 * the system has no /proc.
 */
export async function findOrphans(dataDirectory: string): Promise<number[]> {
  const real = await realpath(dataDirectory);
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const directories = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)),
  );
  return pids.filter((_, index) => directories[index] === real).map(Number);
}
