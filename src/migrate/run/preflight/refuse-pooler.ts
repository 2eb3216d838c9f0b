import { messageOf, TenantryError } from "../../../core/errors.js";
import { isBehindPooler } from "../../../postgres/pooler.js";
import type { Backend } from "../backend.js";

/**
 * Refuses a pooler that gives a connection another server process for each transaction: there the migration lock would be
 * held by nobody, and what a session sets would be the next client's. It shows itself by the server's process: two
 * connections share one, or one connection changes it. Whether the pooler hands out the one that was used last or the one
 * that was idle longest, one of the two is seen.
 *
 * @throws TenantryError `argument-invalid` naming the variable to correct.
 */
export async function refusePooler(one: Backend, other: Backend, urlName: string): Promise<void> {
  // Without one in between there is nothing more to ask.
  if (!isBehindPooler(one) && !isBehindPooler(other)) return;
  const pids = [one.pid, await askPid(one), await askPid(one)];
  let held: number;
  try {
    held = await other.guard(async () => {
      await other.session.unsafe("begin");
      return await askPid(other);
    });
    pids.push(await askPid(one));
  } catch (thrown) {
    throw pooled(urlName, messageOf(thrown));
  } finally {
    if (!other.isLost()) await other.session.unsafe("rollback").catch(() => {});
  }
  if (pids.includes(held) || new Set(pids).size > 1)
    throw pooled(urlName, "one connection was served by several server processes, or two by one");
}

async function askPid({ guard, session }: Backend): Promise<number> {
  const [row] = await guard(() => session.unsafe<{ pid: number }[]>("select pg_backend_pid() as pid"));
  return row?.pid ?? 0;
}

function pooled(urlName: string, why: string): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `${urlName} leads through a pooler in transaction mode, and a migration needs a connection of its own.`,
    details: [why],
    hint: `Set ${urlName} to the server's direct URL (often port 5432 instead of 6432 or 6543); services may go on using the pooler.`,
  });
}
