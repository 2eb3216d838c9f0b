import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import { convertedName } from "../folder/converted-name.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace, LedgerShape } from "./ledger-shape.js";
import { readLedgerShape } from "./ledger-shape.js";

export type { LedgerPlace } from "./ledger-shape.js";

/** drizzle-orm's own defaults. */
export const DEFAULT_LEDGER: LedgerPlace = { schema: "drizzle", table: "__drizzle_migrations" };

/** One applied migration. */
export type LedgerEntry = {
  readonly id: number;
  /** Empty in a row that drizzle-orm 0.x has written, or somebody by hand. */
  readonly name: string;
  readonly hash: string;
  /** The migration's own time, in milliseconds since 1970; null in a row written by hand. */
  readonly createdAt: number | null;
  /** Null for a row that an upgrade from drizzle-orm 0.x has filled in. */
  readonly appliedAt: Date | null;
};

/**
 * The rows of the ledger, of drizzle-orm 1.0 or 0.x, oldest first; none if there is no ledger.
 *
 * @throws TenantryError as `readLedgerShape`.
 * @example await readLedger(database, DEFAULT_LEDGER)
 */
export async function readLedger(session: Session, place: LedgerPlace): Promise<LedgerEntry[]> {
  const found = await readLedgerShape(session, place);
  if (found === undefined) return [];
  const rows = await session.unsafe<
    (Omit<LedgerEntry, "createdAt" | "appliedAt"> & Record<"createdAt" | "appliedAt", string | null>)[]
  >(
    `select id, ${found.shape === "named" ? "coalesce(name, '')" : "''"} as name, hash,
            created_at::text as "createdAt", ${found.hasAppliedAt ? "to_json(applied_at)" : "null"} as "appliedAt"
     from ${qualify(place.schema, place.table)} order by id`,
  );
  return rows.map(({ createdAt, appliedAt, ...row }) => ({
    ...row,
    createdAt: createdAt === null ? null : Number(createdAt),
    // As JSON, which no DateStyle changes.
    appliedAt: appliedAt === null ? null : new Date(appliedAt),
  }));
}

/**
 * Makes the ledger if there is none: as drizzle-orm 1.0 does, or, for a folder in the old layout, as drizzle-orm 0.x does.
 * That one writes no names; when the folder is converted one day, the whole ledger can then be upgraded at once.
 *
 * @throws TenantryError as `readLedgerShape`.
 */
export async function ensureLedger(
  session: Session,
  place: LedgerPlace,
  folder: readonly Pick<Migration, "layout">[] = [],
): Promise<LedgerShape> {
  const found = await readLedgerShape(session, place);
  if (found !== undefined) return found.shape;
  const shape = folder.some(({ layout }) => layout === "journal") ? "unnamed" : "named";
  // Asked for only where it is missing: it needs a right on the database, even if the schema is there.
  const [schema] = await session`select from pg_namespace where nspname = ${place.schema}`;
  if (schema === undefined) {
    await session.unsafe(`create schema if not exists ${quoteIdentifier(place.schema)}`);
  }
  await session.unsafe(createLedgerSql(place, shape));
  return shape;
}

/** The statement that makes the ledger's table, exactly as drizzle-orm does; its schema must be there. */
export function createLedgerSql(place: LedgerPlace, shape: LedgerShape): string {
  return `create table if not exists ${qualify(place.schema, place.table)} (
    id serial primary key,
    hash text not null,
    created_at bigint${shape === "unnamed" ? "" : ",\n    name text,\n    applied_at timestamp with time zone default now()"}
  )`;
}

/**
 * Records a migration, in the transaction that applies it.
 *
 * @param shape what {@link ensureLedger} has returned; without it the ledger is asked for a migration in the old layout.
 */
export async function recordMigration(
  session: Session,
  place: LedgerPlace,
  migration: Migration,
  shape?: LedgerShape,
): Promise<void> {
  const isNamed =
    (shape ?? (migration.layout === "v1" ? "named" : (await readLedgerShape(session, place))?.shape)) ===
    "named";
  const table = qualify(place.schema, place.table);
  await (isNamed
    ? session.unsafe(`insert into ${table} (hash, created_at, name) values ($1, $2, $3)`, [
        migration.hash,
        migration.createdAt,
        convertedName(migration),
      ])
    : session.unsafe(`insert into ${table} (hash, created_at) values ($1, $2)`, [
        migration.hash,
        migration.createdAt,
      ]));
}

/** The same as a statement without parameters, to be sent together with others. */
export function recordMigrationSql(place: LedgerPlace, migration: Migration, shape: LedgerShape): string {
  const { hash, createdAt } = migration;
  const columns = shape === "named" ? "hash, created_at, name" : "hash, created_at";
  const name = shape === "named" ? `, ${quoteLiteral(convertedName(migration))}` : "";
  return `insert into ${qualify(place.schema, place.table)} (${columns}) values (${quoteLiteral(hash)}, ${createdAt}${name})`;
}
