import { randomBytes } from "node:crypto";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TenantryError } from "../../core/errors.js";
import { readProcess } from "./process-facts.js";

const WAIT_MS = 120_000;
const CLAIM = /^lock\.(\d+)\.([0-9a-f]+)\.[0-9a-f]+$/;

/**
 * Runs `work` while no other process runs under the same directory's lock.
 *
 * Every contender makes a claim: an empty file whose name holds its process id and start time. It then looks for
 * claims of others; if it is alone, it holds the lock, else it withdraws and tries again. Of two that claim at the
 * same time, at least one sees the other, so never do both go on. A claim whose process is gone is removed by
 * whoever sees it, which is safe because its name can never be valid again: there is no lock file to steal, and
 * thus no race about stealing it. An empty file can be made on a full disk, too.
 *
 * @throws TenantryError `lock-timeout` after two minutes, naming the process that holds it.
 * @example await withEmbeddedLock("/srv/app/.tenantry", async () => start())
 */
export async function withEmbeddedLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const claim = await acquire(directory);
  try {
    return await work();
  } finally {
    await rm(claim, { force: true });
  }
}

async function acquire(directory: string): Promise<string> {
  const self = await readProcess(process.pid);
  const name = `lock.${process.pid}.${self?.mark ?? "0"}.${randomBytes(6).toString("hex")}`;
  const path = join(directory, name);
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    let other = await livingClaim(directory, name);
    if (other === undefined) {
      await (await open(path, "wx", 0o600)).close();
      other = await livingClaim(directory, name);
      if (other === undefined) return path;
      await rm(path, { force: true });
    }
    if (Date.now() > deadline) throw timeout(directory, other);
    await pause(5 + Math.random() * 30);
  }
}

/** The process id in some other claim that is still valid. */
async function livingClaim(directory: string, own: string): Promise<number | undefined> {
  for (const name of await readdir(directory)) {
    const match = CLAIM.exec(name);
    if (match === null || name === own) continue;
    const holder = await readProcess(Number(match[1]));
    if (holder !== undefined && holder.mark === match[2]) return holder.pid;
    await rm(join(directory, name), { force: true });
  }
  return undefined;
}

function timeout(directory: string, pid: number): TenantryError {
  return new TenantryError({
    code: "lock-timeout",
    message: `Process ${pid} has been starting or stopping the embedded server in ${directory} for too long.`,
    hint: `See what it does (\`ps -p ${pid}\`), end it if it hangs, then run \`tenantry start\` again.`,
  });
}
