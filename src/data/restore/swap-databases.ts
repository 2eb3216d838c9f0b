import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Logger } from "../../core/logger.js";
import type { Database } from "../../postgres/connect.js";
import { endSessions } from "../../postgres/end-sessions.js";
import { explainForbidden } from "./may-not.js";

/** Between two tries somebody may have connected again. */
const TRIES = 5;

/**
 * Gives a database the name of another, which gets a name of its own: both in one transaction, so that there is no moment
 * without a database of that name, whenever this process dies.
 *
 * @throws TenantryError `restore-failed` if there are always new connections to it; `role-insufficient` for a login that does
 * not own it, or may not end the sessions of a superuser.
 */
export async function swapDatabases(
  admin: Database,
  names: { readonly fresh: string; readonly target: string; readonly replaced: string },
): Promise<void> {
  const [fresh, target, replaced] = [names.fresh, names.target, names.replaced].map(quoteIdentifier);
  for (let tries = TRIES; ; tries -= 1) {
    try {
      await admin.begin(async (session) => {
        await endSessions(session, [names.target, names.fresh]);
        await session.unsafe(`alter database ${target} rename to ${replaced}`);
        await session.unsafe(`alter database ${fresh} rename to ${target}`);
      });
      return;
    } catch (thrown) {
      // 55006: somebody is connected.
      if (codeOf(thrown) !== "55006") {
        const hint = "Connect as its owner or as a superuser, or stop what uses it.";
        throw explainForbidden(thrown, `replace the database ${names.target}`, hint);
      }
      if (tries <= 1) {
        throw new TenantryError({
          code: "restore-failed",
          message: `There are always new connections to ${names.target}: it cannot be replaced.`,
          hint: "Nothing was changed. Stop the services that use it, then run it again.",
          cause: thrown,
        });
      }
    }
  }
}

/**
 * Gives a database that nobody uses its name.
 *
 * @throws TenantryError `restore-failed` if there is one of that name by now.
 */
export async function renameDatabase(admin: Database, from: string, to: string): Promise<void> {
  // A connection that was closed may take a moment to end.
  await endSessions(admin, [from]);
  try {
    await admin.unsafe(`alter database ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`);
  } catch (thrown) {
    if (codeOf(thrown) !== "42P04") throw thrown;
    throw new TenantryError({
      code: "restore-failed",
      message: `There is a database ${to} by now.`,
      hint: "It was left alone. Run the command again, with another name.",
      cause: thrown,
    });
  }
}

/**
 * Gives a database what another has beside its contents: owner, privileges, settings, and a limit of connections. What this
 * role may not set is said, and left.
 */
export async function copyDatabaseProperties(
  admin: Database,
  names: { readonly from: string; readonly to: string },
  logger: Logger,
): Promise<void> {
  const statements = await admin<{ sql: string; setting: string | null; value: string | null }[]>`
    with source as (select * from pg_database where datname = ${names.from})
    select format('alter database %I owner to %I', ${names.to}::text, pg_get_userbyid(datdba)) as sql, null as setting, null as value
      from source
    union all
    select format('alter database %I connection limit %s', ${names.to}::text, datconnlimit), null, null
      from source where datconnlimit <> -1
    union all
    select format('revoke all on database %I from public', ${names.to}::text), null, null from source where datacl is not null
    union all
    select format('grant %s on database %I to %s%s', privilege_type, ${names.to}::text,
             case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
             case when is_grantable then ' with grant option' else '' end), null, null
      from source, aclexplode(datacl)
    union all
    select format('alter %sdatabase %I set %I from current',
             case setrole when 0 then '' else format('role %I in ', pg_get_userbyid(setrole)) end, ${names.to}::text,
             split_part(setting, '=', 1)), split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)
      from source, pg_db_role_setting s, unnest(s.setconfig) as setting where s.setdatabase = source.oid`;
  for (const { sql, setting, value } of statements) {
    try {
      await admin.begin(async (session) => {
        if (setting !== null) await session`select set_config(${setting}, ${value}, true)`;
        await session.unsafe(sql);
      });
    } catch (thrown) {
      logger.warn(
        `the restored database lacks something that ${names.from} has: ${messageOf(thrown)} (${sql})`,
        {
          event: "restore-property",
        },
      );
    }
  }
}
