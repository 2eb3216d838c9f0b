import { TenantryError } from "../../core/errors.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/read-folder.js";

/** Where drizzle-orm keeps its ledger. */
export type LedgerPlace = { readonly schema: string; readonly table: string };

/** drizzle-orm's own defaults. */
export const DEFAULT_LEDGER: LedgerPlace = { schema: "drizzle", table: "__drizzle_migrations" };

/** One applied migration. */
export type LedgerEntry = {
  readonly id: number;
  readonly name: string;
  readonly hash: string;
  /** Null for a row that an upgrade from drizzle-orm 0.x has filled in. */
  readonly appliedAt: Date | null;
};

/**
 * The migrations that were applied, oldest first; none if there is no ledger.
 *
 * @throws TenantryError `migrations-folder` for the ledger of drizzle-orm 0.x, which has no names.
 */
export async function readLedger(session: Session, place: LedgerPlace): Promise<LedgerEntry[]> {
  const columns = await session<{ name: string }[]>`
    select a.attname as name from pg_attribute a
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${place.schema} and c.relname = ${place.table} and a.attnum > 0 and not a.attisdropped`;
  if (columns.length === 0) return [];
  if (!columns.some((column) => column.name === "name")) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `The ledger ${place.schema}.${place.table} was written by drizzle-orm 0.x and has no names.`,
      hint: "Run drizzle-orm 1.0's migrate() once, which upgrades it, then run the command again.",
    });
  }
  return await session.unsafe<LedgerEntry[]>(
    `select id, coalesce(name, '') as name, hash, applied_at as "appliedAt" from ${qualify(place.schema, place.table)} order by id`,
  );
}

/** Makes the ledger if there is none, exactly as drizzle-orm 1.0 does. */
export async function ensureLedger(session: Session, place: LedgerPlace): Promise<void> {
  await session.unsafe(`create schema if not exists ${quoteIdentifier(place.schema)}`);
  await session.unsafe(`create table if not exists ${qualify(place.schema, place.table)} (
    id serial primary key,
    hash text not null,
    created_at bigint,
    name text,
    applied_at timestamp with time zone default now()
  )`);
}

/** Records a migration, in the transaction that applies it. */
export async function recordMigration(
  session: Session,
  place: LedgerPlace,
  migration: Migration,
): Promise<void> {
  await session.unsafe(
    `insert into ${qualify(place.schema, place.table)} (hash, created_at, name) values ($1, $2, $3)`,
    [migration.hash, migration.createdAt, migration.name],
  );
}
