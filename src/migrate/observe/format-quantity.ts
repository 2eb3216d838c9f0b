import { countOf } from "../../core/count-of.js";
import type { TableSize } from "./read-target-tables.js";

/** A size for people, such as `840 MB`. */
function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** An estimated number of rows for people: two digits mean something, the rest does not. */
export function formatRows(rows: number): string {
  if (rows < 100) return countOf(rows, "row");
  const step = 10 ** (Math.floor(Math.log10(rows)) - 1);
  return `about ${(Math.round(rows / step) * step).toLocaleString("en-US")} rows`;
}

/** Rows and bytes of a table, such as `about 1,200,000 rows, 840 MB`. */
export function formatSize({ rows, bytes }: TableSize): string {
  return `${rows === null ? "rows not counted yet" : formatRows(rows)}, ${formatBytes(bytes)}`;
}

/** Names with their sizes on the target. */
export function formatQuantity(tables: readonly string[], sizes: ReadonlyMap<string, TableSize>): string {
  const [first, second, ...more] = tables.map((table) => {
    const size = sizes.get(table);
    return `${table} (${size === undefined ? "not on the target" : formatSize(size)})`;
  });
  const shown = [first, second].filter((one) => one !== undefined).join(", ");
  if (more.length === 0) return shown;
  return `${shown} and ${more.length} more`;
}

/** Names of locked tables; partitions are counted behind what they are partitions of. */
export function formatNames(
  locks: readonly { readonly table: string; readonly partitionOf?: string }[],
): string {
  const tops = locks.filter(({ partitionOf }) => partitionOf === undefined).map(({ table }) => table);
  const counts = new Map<string, string[]>();
  for (const { table, partitionOf } of locks) {
    if (partitionOf !== undefined) counts.set(partitionOf, [...(counts.get(partitionOf) ?? []), table]);
  }
  const lone = [...counts].filter(([top]) => !tops.includes(top)).flatMap(([, parts]) => parts);
  const named = tops.map((table) => {
    const parts = counts.get(table)?.length ?? 0;
    return parts === 0 ? table : `${table} and its ${countOf(parts, "partition")}`;
  });
  return [...named, ...lone].join(", ");
}
