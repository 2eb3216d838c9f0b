import { createHash } from "node:crypto";
import type { SQL } from "drizzle-orm";
import { adminRecordSql } from "../../client/admin/admin-record.js";
import type { Expected } from "../../isolation/expected.js";

/** Who works on all rows of a tenant, and why. */
export type TenantWork = {
  readonly tenant: string;
  readonly actor: string;
  readonly reason: string;
  /** True if the tenant is erased, perhaps from the log, too. */
  readonly isErasure: boolean;
};

/**
 * The statement that writes such work into the audit log, with what it did; undefined without a log. Where the log keeps
 * nothing of an erased tenant, the row belongs to nobody, with a digest of the id.
 */
export function tenantRecord(
  { tables, settings }: Expected,
  exports: Readonly<Record<string, unknown>>,
  { isErasure, ...by }: TenantWork,
): ((details: Readonly<Record<string, unknown>>) => SQL) | undefined {
  const log = tables.find(({ declaration }) => declaration?.auditLog !== undefined);
  if (log === undefined) return undefined;
  const isGone = isErasure && log.declaration?.erase === "delete";
  const digest = createHash("sha256").update(by.tenant).digest("hex");
  return (details) =>
    adminRecordSql(Object.values(exports), settings.columnType, {
      ...by,
      tenant: isGone ? undefined : by.tenant,
      requestId: undefined,
      details: isGone ? { ...details, tenantSha256: digest } : details,
    });
}
