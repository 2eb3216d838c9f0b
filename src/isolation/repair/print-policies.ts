import type { Transaction } from "../../catalog/grants-json.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { ExpectedPolicy, ExpectedTable } from "../expected.js";

/** A policy's expressions as this server prints them. */
export type PrintedPolicy = { readonly using: string | null; readonly check: string | null };

/** Thrown to roll back; nothing of it stays. */
const SEEN = new Error("seen");

/**
 * Lets the server itself print what the code demands: on an empty temporary copy of the table, rolled back at once. No
 * lock is taken on the table but that of a reader.
 *
 * @returns undefined if that is not possible here: a read-only server, or no right to make temporary tables.
 */
export async function printPolicy(
  session: Transaction,
  table: ExpectedTable,
  policy: ExpectedPolicy,
): Promise<PrintedPolicy | undefined> {
  let printed: PrintedPolicy | undefined;
  const using = policy.using === undefined ? "" : ` using (${policy.using})`;
  const check = policy.check === undefined ? "" : ` with check (${policy.check})`;
  const copy = `pg_temp.${quoteIdentifier(table.name)}`;
  try {
    await session.savepoint(async (inner) => {
      await inner.unsafe(
        `create temporary table ${quoteIdentifier(table.name)} (like ${qualify(table.schema, table.name)})`,
      );
      await inner.unsafe(`create policy printed on ${copy} for ${policy.command} to public${using}${check}`);
      await inner`select set_config('search_path', 'pg_catalog, pg_temp', true)`;
      [printed] = await inner<PrintedPolicy[]>`
        select pg_get_expr(polqual, polrelid) as using, pg_get_expr(polwithcheck, polrelid) as check
        from pg_policy where polname = 'printed' and polrelid = ${copy}::regclass`;
      throw SEEN;
    });
  } catch (thrown) {
    if (thrown !== SEEN) return undefined;
  }
  return printed;
}
