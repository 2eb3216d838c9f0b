import type { Node } from "libpg-query";
import { z } from "zod";
import { codeOf, messageOf } from "../../core/errors.js";
import type { Database, Session } from "../../postgres/connect.js";

/** How many rows a statement changes on the target, by its planner; or why that cannot be told. */
export type RowEstimate =
  | { readonly rows: number; readonly table: string }
  | { readonly reason: string; readonly table: string; readonly refused?: boolean };

type Plan = { readonly "Plan Rows": number; readonly Plans?: readonly Plan[] | undefined };
const plan: z.ZodType<Plan> = z.object({
  "Plan Rows": z.number(),
  get Plans() {
    return z.array(plan).optional();
  },
});
const explained = z.tuple([z.object({ "QUERY PLAN": z.tuple([z.object({ Plan: plan })]) })]);

const NOT_THERE = "the target does not yet have what it is about";

/** True for INSERT, UPDATE, DELETE and MERGE. */
export function changesRows(node: Node): boolean {
  return "UpdateStmt" in node || "DeleteStmt" in node || "InsertStmt" in node || "MergeStmt" in node;
}

/**
 * Asks the target's planner how many rows a data statement would change: EXPLAIN without ANALYZE, which runs nothing, in a
 * transaction that is read-only and rolled back.
 *
 * @param database undefined while there is none.
 * @param begin opens the transaction: read-only, with row security as the runner sets it, so that what it would refuse is
 * refused here, too.
 */
export async function estimateRows(
  database: Database | undefined,
  statement: { readonly node: Node; readonly text: string },
  begin: string,
): Promise<RowEstimate> {
  const table = tableOf(statement.node);
  const counted = countValues(statement.node);
  if (database === undefined)
    return counted === undefined ? { reason: NOT_THERE, table } : { rows: counted, table };
  try {
    const rows = await rolledBack(database, begin, async (session) => {
      const [{ "QUERY PLAN": answer }] = explained.parse(
        await session.unsafe(`explain (format json) ${statement.text}`),
      );
      const root = answer[0].Plan;
      return (root.Plans ?? [root]).slice(0, 1).reduce((sum, one) => sum + one["Plan Rows"], 0);
    });
    return { rows: counted ?? rows, table };
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) throw thrown;
    if (/^42(P01|703|704|883)$|^3F000$/.test(code)) {
      if (counted !== undefined) return { rows: counted, table };
      return { reason: NOT_THERE, table };
    }
    return { reason: messageOf(thrown), table, refused: code === "42501" };
  }
}

async function rolledBack<T>(
  database: Database,
  begin: string,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await database.reserve();
  try {
    await session.unsafe(begin).simple();
    return await use(session);
  } finally {
    await session.unsafe("rollback");
    session.release();
  }
}

function tableOf(node: Node): string {
  const statement =
    "UpdateStmt" in node
      ? node.UpdateStmt
      : "DeleteStmt" in node
        ? node.DeleteStmt
        : "InsertStmt" in node
          ? node.InsertStmt
          : "MergeStmt" in node
            ? node.MergeStmt
            : undefined;
  const { schemaname = "public", relname = "" } = statement?.relation ?? {};
  return schemaname === "public" ? relname : `${schemaname}.${relname}`;
}

/** INSERT … VALUES says itself how many. */
function countValues(node: Node): number | undefined {
  if (!("InsertStmt" in node)) return undefined;
  const { selectStmt } = node.InsertStmt;
  if (selectStmt === undefined) return 1;
  return "SelectStmt" in selectStmt ? selectStmt.SelectStmt.valuesLists?.length : undefined;
}
