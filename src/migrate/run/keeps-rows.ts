import { TenantryError } from "../../core/errors.js";
import { quoteLiteral } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";

/** How many rows a table had; known by its OID, since a migration may rename it. */
export type RowCount = { readonly table: string; readonly oid: number; readonly rows: bigint };

/**
 * Counts the rows of the tables that a migration claims not to shrink, in its transaction.
 *
 * @throws TenantryError `migration-failed` for one that is not there.
 */
export async function countKeptRows(
  session: Session,
  migration: Migration,
  /** True for a step of a migration, of which another one may make the table. */
  { lenient }: { readonly lenient: boolean } = { lenient: false },
): Promise<RowCount[]> {
  const counts: RowCount[] = [];
  for (const table of migration.directives.keepsRows) {
    const [found] = await session.unsafe<{ oid: number | null }[]>(
      `select to_regclass(${quoteLiteral(table)})::oid as oid`,
    );
    const counted = await countRows(session, found?.oid ?? null);
    if (counted === undefined) {
      if (lenient) continue;
      throw refuse(migration, `keeps-rows names ${table}, which is not there before it`);
    }
    counts.push({ table, ...counted });
  }
  return counts;
}

/**
 * Counts again, behind the migration's last statement.
 *
 * @throws TenantryError `migration-failed` naming the table that has fewer rows, or is gone.
 */
export async function requireKeptRows(
  session: Session,
  migration: Migration,
  before: readonly RowCount[],
): Promise<void> {
  for (const { table, oid, rows } of before) {
    const now = await countRows(session, oid);
    if (now === undefined) throw refuse(migration, `it claims to keep the rows of ${table}, and drops it`);
    if (now.rows >= rows) continue;
    throw refuse(migration, `it claims to keep the rows of ${table}: of ${rows} there are ${now.rows} left`);
  }
}

async function countRows(
  session: Session,
  oid: number | null,
): Promise<{ readonly oid: number; readonly rows: bigint } | undefined> {
  if (oid === null) return undefined;
  const [place] = await session.unsafe<{ name: string }[]>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = ${oid}`,
  );
  if (place === undefined) return undefined;
  const [row] = await session.unsafe<{ rows: string }[]>(`select count(*)::text as rows from ${place.name}`);
  return { oid, rows: BigInt(row?.rows ?? "0") };
}

function refuse({ name, file }: Migration, what: string): TenantryError {
  return new TenantryError({
    code: "migration-failed",
    message: `Migration ${name} was rolled back: ${what}.`,
    hint: `Nothing of it was applied. Correct ${file}, or its line "-- tenantry: keeps-rows …".`,
  });
}
