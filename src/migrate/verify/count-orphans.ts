import { messageOf } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Session } from "../../postgres/connect.js";

/** No more are counted: a thousand say enough. */
export const MOST_ORPHANS = 1000;

/** A foreign key under which there may be orphans; tables as `"schema"."name"`, columns as pairs, here and there. */
export type DoubtfulReference = {
  readonly table: string;
  readonly target: string;
  /** MATCH FULL: then only a row whose columns are all null refers to nothing. */
  readonly isFull: boolean;
  readonly columns: readonly (readonly [string, string])[];
};

/**
 * Counts the rows that refer to nothing, up to one more than {@link MOST_ORPHANS}; or says why that cannot be seen, as where
 * row security hides rows from the role.
 *
 * @param session inside a transaction, which goes on whatever happens.
 */
export async function countOrphans(
  session: Session,
  reference: DoubtfulReference,
): Promise<number | { readonly why: string }> {
  await session.unsafe("savepoint tenantry_orphans");
  try {
    const [row] = await session.unsafe<{ orphans: number }[]>(orphansSql(reference));
    return row?.orphans ?? 0;
  } catch (thrown) {
    await session.unsafe("rollback to savepoint tenantry_orphans");
    return { why: messageOf(thrown) };
  } finally {
    await session.unsafe("release savepoint tenantry_orphans");
  }
}

function orphansSql({ table, target, isFull, columns }: DoubtfulReference): string {
  const here = columns.map(([column]) => `child.${quoteIdentifier(column)}`);
  const refers = isFull
    ? `not (${here.map((column) => `${column} is null`).join(" and ")})`
    : here.map((column) => `${column} is not null`).join(" and ");
  const same = columns
    .map(([own, other]) => `parent.${quoteIdentifier(other)} = child.${quoteIdentifier(own)}`)
    .join(" and ");
  return `select count(*)::int as orphans from (select from ${table} as child where ${refers}
    and not exists (select from ${target} as parent where ${same}) limit ${MOST_ORPHANS + 1}) as orphan`;
}
