import { randomInt, randomUUID } from "node:crypto";
import type { TenantColumnType } from "../../core/tenancy-settings.js";
import type { ProbeTarget } from "./probe.js";

/** How many made-up tenants there are. */
export const TENANTS = 6;

/** Ids of tenants that are made up, so far out that no real one should have them. */
export function tenantIds(
  targets: readonly ProbeTarget[],
  fallback: TenantColumnType,
  run: string,
): readonly string[] {
  const types = new Set(targets.map(({ declaration }) => declaration.tenantType));
  const narrowest = ["uuid", "smallint", "integer", "bigint"].find((type) => types.has(type));
  const numbers = (from: number) => Array.from({ length: TENANTS }, (_, at) => String(from + at));
  switch (narrowest ?? (types.size === 0 ? fallback : "text")) {
    case "uuid":
      return Array.from({ length: TENANTS }, () => randomUUID());
    case "smallint":
      return numbers(32_000 + randomInt(700));
    case "integer":
      return numbers(2_000_000_000 + randomInt(100_000_000));
    case "bigint":
      return numbers(8_000_000_000_000_000 + randomInt(1_000_000_000));
    default:
      return Array.from({ length: TENANTS }, (_, at) => `tenantry-probe-${run}-t${at}`);
  }
}
