import { quoteIdentifier, quoteLiteral } from "../../../core/identifiers.js";
import type { AttackContext } from "../probe.js";

/** A column on which the service holds a privilege: the table as a whole may have none. */
export async function grantedColumn(
  { session, target, attacker }: AttackContext,
  privilege: "insert" | "update",
): Promise<string | undefined> {
  const fillable = target.shape.columns.filter(
    (column) => column.generated === null && column.identity !== "a",
  );
  if (fillable.length === 0) return undefined;
  const place = `${quoteLiteral(target.place)}::regclass`;
  const list = fillable.map(({ name }) => quoteLiteral(name)).join(", ");
  const answer = await session.attack(
    { context: attacker.id },
    `select name from unnest(array[${list}]) as c(name)
where pg_catalog.has_column_privilege(${place}, name, '${privilege}') limit 1`,
  );
  const name = answer.ok ? answer.rows[0]?.name : undefined;
  return typeof name === "string" ? quoteIdentifier(name) : undefined;
}
