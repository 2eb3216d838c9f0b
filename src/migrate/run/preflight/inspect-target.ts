import { statfs } from "node:fs/promises";
import { ENGINE_SCHEMA } from "../../../core/engine-schema.js";
import { TenantryError } from "../../../core/errors.js";
import { quoteLiteral } from "../../../core/identifiers.js";
import type { Session } from "../../../postgres/connect.js";
import { missingPatch } from "../../../postgres/server-facts.js";
import type { LedgerPlace } from "../../ledger/ledger.js";

/** A transaction that is older may hold a lock that a migration waits for: minutes. */
const LONG_TRANSACTION_MINUTES = 5;

/** Less than this is worth a word, in bytes. */
export const LITTLE_SPACE = 1024 ** 3;

/** What a run must know of a server before it begins. */
export type Target = {
  readonly versionNumber: number;
  readonly role: string;
  readonly inRecovery: boolean;
  readonly readOnly: boolean;
  readonly createsInDatabase: boolean;
  readonly hasSchemas: boolean;
  /** Schemas, and tables of ours, that the role may not write to. */
  readonly closed: readonly string[];
  readonly createsInPublic: boolean;
  /** Sessions whose transaction has been open for long. */
  readonly old: readonly string[];
  /** Where the server keeps its data, if it is on this machine and tells. */
  readonly dataDirectory: string | null;
};

/** Asks all of it in one query. */
export async function inspectTarget(session: Session, ledger: LedgerPlace): Promise<Target> {
  const schemas = [ledger.schema, ENGINE_SCHEMA].map(quoteLiteral).join(", ");
  const [target] = await session.unsafe<Target[]>(`
    select current_setting('server_version_num')::int as "versionNumber", current_user as role,
      pg_is_in_recovery() as "inRecovery", current_setting('default_transaction_read_only')::bool as "readOnly",
      has_database_privilege(current_database(), 'create') as "createsInDatabase",
      (select count(*) = 2 from pg_namespace where nspname in (${schemas})) as "hasSchemas",
      (select coalesce(json_agg(format('%I.%I', n.nspname, c.relname)), '[]') from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where (n.nspname, c.relname) in ((${quoteLiteral(ledger.schema)}, ${quoteLiteral(ledger.table)}), ('${ENGINE_SCHEMA}', 'runs'))
         and not (has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'select'))) as closed,
      coalesce((select has_schema_privilege(oid, 'create') from pg_namespace where nspname = 'public'), true) as "createsInPublic",
      (select coalesce(json_agg(format('process %s of %s%s, %s, for %s min', pid, coalesce(usename, 'another role'),
          case when application_name = '' then '' else format(' (%s)', application_name) end, state, floor(extract(epoch from now() - xact_start) / 60))), '[]')
       from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
         and xact_start < now() - interval '${LONG_TRANSACTION_MINUTES} minutes') as old,
      case when (inet_server_addr() is null or host(inet_server_addr()) in ('127.0.0.1', '::1'))
            and pg_has_role(current_user, 'pg_read_all_settings', 'usage')
        then current_setting('data_directory', true) end as "dataDirectory"`);
  if (target === undefined) throw new Error("the server gave no row for a query without FROM");
  return target;
}

/**
 * Refuses a server on which the run could not do its work.
 *
 * @param writes true if something is to be applied.
 * @throws TenantryError `argument-invalid` for a standby or a read-only database, `role-insufficient` for a role that
 * may not write what a run writes.
 */
export function requireWritable(target: Target, { writes }: { readonly writes: boolean }): void {
  if (target.inRecovery || target.readOnly) {
    throw new TenantryError({
      code: "argument-invalid",
      message: target.inRecovery
        ? "The server is a read-only replica."
        : `The database is read-only for ${target.role} (default_transaction_read_only).`,
      hint: "Point DATABASE_URL at the primary, by the migrator's login.",
    });
  }
  if (!writes) return;
  const lacks = [
    ...(target.hasSchemas || target.createsInDatabase ? [] : ["CREATE on the database"]),
    ...target.closed.map((table) => `SELECT and INSERT on ${table}`),
  ];
  if (lacks.length === 0) return;
  throw new TenantryError({
    code: "role-insufficient",
    message: `The role ${target.role} cannot migrate this database: it lacks ${lacks.join(", ")}.`,
    hint: "Nothing was changed. Connect as the role that owns the tables, or grant it what it lacks.",
  });
}

/** What an operator should know before it begins. */
export async function warnAbout(target: Target): Promise<string[]> {
  const { versionNumber, role } = target;
  const [major, minor] = [Math.floor(versionNumber / 10_000), versionNumber % 10_000];
  const patched = missingPatch({ major, minor });
  const free = target.dataDirectory === null ? undefined : await freeSpace(target.dataDirectory);
  return [
    ...(patched === undefined
      ? []
      : [`PostgreSQL ${major}.${minor} lacks the fix for CVE-2026-120154: ${patched} has it`]),
    ...(target.createsInPublic ? [] : [`${role} may not create tables in the schema public`]),
    ...target.old.map((each) => `a transaction is open for long, and may block the migration: ${each}`),
    ...(free === undefined || free >= LITTLE_SPACE
      ? []
      : [`the server's disk has ${Math.round(free / 1024 ** 2)} MiB left`]),
  ];
}

/** Bytes that are left where a folder lies; undefined if this process may not even see it. */
export async function freeSpace(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
