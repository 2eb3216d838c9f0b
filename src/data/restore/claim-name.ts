import { randomBytes } from "node:crypto";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Database } from "../../postgres/connect.js";
import { isForbidden } from "./may-not.js";

/** The first number is the advisory lock's class: "rstr". */
const LOCK_CLASS = 0x72_73_74_72;

/** What is being filled. A database that was replaced has no such name: nobody drops it but the restore that compared it. */
const NAME = /^tenantry_restore_([0-9a-f]{16})_new$/;

/**
 * Claims a name for the database of a restore by a lock on this connection, which the server gives back when the process dies:
 * what has such a name then belongs to nobody.
 *
 * @param admin one connection, to the maintenance database.
 */
export async function claimName(admin: Database): Promise<string> {
  for (;;) {
    const token = randomBytes(8).toString("hex");
    if (await tryLock(admin, token)) return `tenantry_restore_${token}_new`;
  }
}

/**
 * Drops the databases of restores that died, those that this login may drop.
 *
 * @returns their names.
 */
export async function sweepRestores(admin: Database): Promise<string[]> {
  const found = await admin<{ name: string }[]>`
    select datname as name from pg_database where starts_with(datname, 'tenantry_restore_') order by 1`;
  const swept: string[] = [];
  for (const { name } of found) {
    const token = NAME.exec(name)?.[1];
    if (token === undefined || !(await tryLock(admin, token))) continue;
    try {
      await admin.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
      swept.push(name);
    } catch (thrown) {
      // It was another login's restore.
      if (!isForbidden(thrown)) throw thrown;
    } finally {
      await admin.unsafe(`select pg_advisory_unlock(${LOCK_CLASS}, ${keyOf(token)})`);
    }
  }
  return swept;
}

async function tryLock(admin: Database, token: string): Promise<boolean> {
  const [row] = await admin.unsafe<{ locked: boolean }[]>(
    `select pg_try_advisory_lock(${LOCK_CLASS}, ${keyOf(token)}) as locked`,
  );
  return row?.locked === true;
}

/** Four bytes of the token, as the signed number that the lock takes. */
function keyOf(token: string): number {
  return Number.parseInt(token.slice(0, 8), 16) | 0;
}
