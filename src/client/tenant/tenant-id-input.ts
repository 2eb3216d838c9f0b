import { TenantryError } from "../../core/errors.js";
import type { TenantColumnType } from "../../core/tenancy-settings.js";
import { parseTenantId } from "../../core/tenant-id.js";
import type { TenantContext } from "./tenant-context.js";

/** What names a tenant, whatever the tenant column's type. */
export type TenantIdInput = string | number | bigint;

/** What names a tenant: a text, and where the tenant column holds numbers also a number. */
export type TenantId<Type extends TenantColumnType = "uuid"> = Type extends "integer"
  ? string | number
  : Type extends "bigint"
    ? string | number | bigint
    : string;

/** Who acts for the tenant, and how long it may take. */
export type AsOptions = Omit<TenantContext, "tenant"> & {
  /** Cancels on the server what is under way; what was begun is rolled back. */
  readonly signal?: AbortSignal | undefined;
  /** True: reads too go to the primary, not to a replica. Default false. */
  readonly fresh?: boolean | undefined;
};

/**
 * Callers in JavaScript may hand over anything, most likely nothing at all.
 *
 * @throws TenantryError `context-missing` for nothing, `tenant-id-invalid`
 */
export function parseTenant(id: unknown, columnType: TenantColumnType): string {
  if (id === undefined || id === null || id === "") {
    throw new TenantryError({
      code: "context-missing",
      message: "db.as() was called without a tenant id.",
      hint: "Pass the id of the tenant on whose behalf the code runs, from a verified token or session.",
    });
  }
  const isNumeric = columnType === "integer" || columnType === "bigint";
  if (typeof id === "string") return parseTenantId(id, columnType);
  if (isNumeric && (typeof id === "bigint" || Number.isSafeInteger(id)))
    return parseTenantId(String(id), columnType);
  throw new TenantryError({
    code: "tenant-id-invalid",
    message: `The tenant id is ${typeof id === "number" ? "a number that is not exact" : `of type ${typeof id}`}; the tenant column is ${columnType}.`,
    hint: isNumeric ? "Pass a whole number, or its digits as text." : "Pass it as text.",
  });
}
