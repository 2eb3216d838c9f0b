import { messageOf, TenantryError } from "../../../core/errors.js";
import { isBehindPooler } from "../../../postgres/pooler.js";
import type { Backend } from "../backend.js";

const ROUNDS = 3;

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
  const ones = new Set([one.pid, await askPid(one), await askPid(one)]);
  const others = new Set([other.pid]);
  try {
    await other.guard(async () => void (await other.session.unsafe("begin")));
    others.add(await askPid(other));
    ones.add(await askPid(one));
  } catch (thrown) {
    throw pooled(urlName, messageOf(thrown));
  } finally {
    if (!other.isLost()) await other.session.unsafe("rollback").catch(() => {});
  }
  // The pooler may just have opened another connection, and each of the two have seen one alone so far.
  for (let round = 0; round < ROUNDS; round += 1) {
    ones.add(await askPid(one));
    others.add(await askPid(other));
  }
  if (ones.size > 1 || others.size > 1 || [...ones].some((pid) => others.has(pid)))
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
