import { quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import { expressionParts } from "./expression-parts.js";
import type { ProbeTarget } from "./probe.js";
import type { ShapeColumn } from "./table-shape.js";
import type { TenantRows } from "./tenant-rows.js";

/** Parts of the statements that attacks are made of. */
export const aim = {
  /** Tables with more rows than this are not changed or counted as a whole, not even to be rolled back. */
  mostRows: 10_000,
  /** A tenant's id as an SQL value. */
  id: ({ declaration }: ProbeTarget, tenant: Pick<TenantRows, "id">): string =>
    `cast(${quoteLiteral(tenant.id)} as ${declaration.tenantType ?? "text"})`,
  /** The rows of a tenant. */
  rowsOf: (target: ProbeTarget, tenant: Pick<TenantRows, "id">): string =>
    `${target.tenant} = ${aim.id(target, tenant)}`,
  /** A column that may be changed without touching a key. */
  harmlessColumn: ({ shape, declaration }: ProbeTarget): ShapeColumn | undefined => {
    const taken = new Set([
      declaration.tenantColumn,
      ...shape.references.flatMap(({ columns }) => columns),
      ...shape.keys.flatMap((key) => [
        ...key.parts.flatMap((part) => expressionParts(part).columns),
        ...(key.predicate === null ? [] : expressionParts(key.predicate).columns),
      ]),
    ]);
    const free = shape.columns.filter((column) => column.generated === null && column.identity !== "a");
    return (
      free.find((column) => !taken.has(column.name)) ??
      free.find((column) => column.name === declaration.tenantColumn) ??
      free[0] ??
      shape.columns[0]
    );
  },
  /** `column = column`, which changes nothing; a column that only the server fills takes nothing but its default. */
  noChange: (target: ProbeTarget, alias?: string): string => {
    const found = aim.harmlessColumn(target);
    const column = quoteIdentifier(found?.name ?? "");
    if (found?.identity === "a" || typeof found?.generated === "string") return `${column} = default`;
    return `${column} = ${alias === undefined ? "" : `${alias}.`}${column}`;
  },
};
