import { TenantryError } from "../../core/errors.js";
import type { Session } from "../../postgres/connect.js";

/** Where drizzle-orm keeps its ledger. */
export type LedgerPlace = { readonly schema: string; readonly table: string };

/** `named` is the ledger of drizzle-orm 1.0; `unnamed` that of 0.x, which has only hashes and times. */
export type LedgerShape = "named" | "unnamed";

/** The columns that both versions of drizzle-orm have. */
const COLUMNS: readonly string[] = ["id", "hash", "created_at"];

/**
 * Looks which of its shapes the ledger has; undefined if there is none.
 *
 * @throws TenantryError `migrations-folder` if what has its name is no ledger, `role-insufficient` if this role may not
 * read it, or not all of it: rows that row security hides would be applied a second time.
 */
export async function readLedgerShape(
  session: Session,
  place: LedgerPlace,
): Promise<{ readonly shape: LedgerShape; readonly hasAppliedAt: boolean } | undefined> {
  const [found] = await session<
    { kind: string; readable: boolean; bound: boolean; role: string; columns: string[] }[]
  >`
    select c.relkind as kind, current_user as role, row_security_active(c.oid) as bound,
           has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable,
           array(select a.attname::text from pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${place.schema} and c.relname = ${place.table}`;
  if (found === undefined) return undefined;
  const name = `${place.schema}.${place.table}`;
  const lacking = COLUMNS.filter((column) => !found.columns.includes(column));
  if (!["r", "p"].includes(found.kind) || lacking.length > 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message:
        lacking.length > 0
          ? `${name} is no ledger of drizzle-orm: it has no ${lacking.join(", ")}.`
          : `${name} is no ledger of drizzle-orm: it is no table.`,
      hint: 'Name another table or schema under "migrations" in drizzle.config.ts, or rename what is there.',
    });
  }
  if (!found.readable || found.bound) {
    throw new TenantryError({
      code: "role-insufficient",
      message: found.readable
        ? `Row level security hides rows of the ledger ${name} from ${found.role}.`
        : `${found.role} may not read the ledger ${name}.`,
      hint: found.readable
        ? "Disable row level security on it: no service has anything to do there."
        : "Run the command as the role that migrates, or grant it USAGE on the schema and SELECT, INSERT and UPDATE on the table.",
    });
  }
  return {
    shape: found.columns.includes("name") ? "named" : "unnamed",
    hasAppliedAt: found.columns.includes("applied_at"),
  };
}
