import { codeOf } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Database, Session } from "../../postgres/connect.js";
import { processIdExists } from "../../postgres/embedded/process-facts.js";
import { readMaker } from "./test-database-name.js";

/** The first number is the advisory lock's class: "swep". */
const LOCK_CLASS = 0x73_77_65_70;

/** Somebody is connected; it does not exist any more, or not yet; something still depends on the role. */
const LEFT_ALONE: ReadonlySet<string> = new Set(["55006", "3D000", "42704", "2BP01"]);

/**
 * Keeps sweepers away until this connection is closed: a database that has just been
 * made has no connection yet, and looks as if nobody wanted it.
 */
export async function holdSweep(session: Session, prefix: string): Promise<void> {
  await session`select pg_advisory_lock_shared(${LOCK_CLASS}::int, hashtext(${prefix}))`;
}

/**
 * Drops the databases of this prefix whose process has died, and their service logins: nobody is connected to them,
 * and the process that made them is gone, as far as this machine can tell. Does nothing while somebody makes one.
 *
 * @param database with one connection, on the database that {@link holdSweep} was called on.
 * @returns how many databases of the prefix are left.
 */
export async function sweepDatabases(database: Database, prefix: string): Promise<number> {
  const found = await database<{ name: string; isDatabase: boolean; isUsed: boolean }[]>`
    select coalesce(d.datname, r.rolname)::text as name, d.oid is not null as "isDatabase",
      exists (select from pg_catalog.pg_stat_activity a where a.datname = d.datname) as "isUsed"
    from pg_catalog.pg_database d full join pg_catalog.pg_roles r on r.rolname = d.datname
    where starts_with(coalesce(d.datname, r.rolname)::text, ${prefix.slice(0, 16)})`;
  const ours = found.flatMap((each) => {
    const maker = readMaker(prefix, each.name);
    return maker === undefined ? [] : [{ ...each, maker }];
  });
  const stale = ours.filter(({ isUsed, maker }) => !isUsed && !(maker.isLocal && processIdExists(maker.pid)));
  const kept = ours.filter((each) => each.isDatabase && !stale.includes(each)).length;
  if (stale.length === 0) return kept;
  const [lock] = await database<{ free: boolean }[]>`
    select pg_try_advisory_lock(${LOCK_CLASS}::int, hashtext(${prefix})) as free`;
  if (lock?.free !== true) return kept + stale.length;
  try {
    for (const { name } of stale) {
      // Without "force": whoever has connected meanwhile keeps it.
      await unlessLeftAlone(database.unsafe(`drop database if exists ${quoteIdentifier(name)}`));
      await unlessLeftAlone(database.unsafe(`drop role if exists ${quoteIdentifier(name)}`));
    }
  } finally {
    await database`select pg_advisory_unlock(${LOCK_CLASS}::int, hashtext(${prefix}))`;
  }
  return kept;
}

async function unlessLeftAlone(dropping: PromiseLike<unknown>): Promise<void> {
  try {
    await dropping;
  } catch (thrown) {
    if (!LEFT_ALONE.has(codeOf(thrown) ?? "")) throw thrown;
  }
}
