import { TenantryError } from "../../core/errors.js";
import type { TableShape } from "../rows/read-tables.js";

/**
 * Refuses a role that does not see all rows. PostgreSQL would refuse it by itself, with row_security off, but table after
 * table and in the middle of the work.
 *
 * @throws TenantryError `role-insufficient` naming the tables.
 */
export function requireWholeView(tables: readonly TableShape[]): void {
  const unreadable = tables.filter(({ readable }) => !readable);
  const bound = tables.filter((table) => table.readable && table.bound);
  if (unreadable.length === 0 && bound.length === 0) return;
  throw new TenantryError({
    code: "role-insufficient",
    message:
      unreadable.length > 0
        ? "This role may not read every table, and a backup of a part is none."
        : "Row level security binds this role: it would back up a part of the rows.",
    details: (unreadable.length > 0 ? unreadable : bound).map(({ schema, name }) => `${schema}.${name}`),
    hint: "Nothing was written. Connect as a superuser, or as a role with BYPASSRLS that may read all tables.",
  });
}
