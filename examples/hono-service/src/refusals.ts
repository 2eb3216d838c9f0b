import { TenantryError } from "tenantry/client";

/** True where a value is taken: by a unique index, or by `globalUnique()`, which is an exclusion constraint. */
export function isTaken(thrown: unknown): boolean {
  const code = refusalOf(thrown)?.code;
  return code === "unique-violation" || code === "exclusion-violation";
}

/** What tenantry or the database refused, where that is why something was thrown. */
export function refusalOf(thrown: unknown): TenantryError | undefined {
  for (let one = thrown; one instanceof Error; one = one.cause) if (one instanceof TenantryError) return one;
  return undefined;
}
