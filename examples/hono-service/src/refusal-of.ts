import { TenantryError } from "tenantry/client";

/** What tenantry or the database refused, where that is why something was thrown. */
export function refusalOf(thrown: unknown): TenantryError | undefined {
  for (let one = thrown; one instanceof Error; one = one.cause) if (one instanceof TenantryError) return one;
  return undefined;
}
