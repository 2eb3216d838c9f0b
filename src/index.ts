import { defineTenancy } from "./rls/define-tenancy.js";

export type { ErrorCode } from "./core/errors.js";
export { TenantryError } from "./core/errors.js";
export type { ProbeRow, ProbeTenant } from "./core/probe-rows.js";
export type { TenancyOptions, TenancySettings, TenantColumnType } from "./core/tenancy-settings.js";
export type { Tenancy } from "./rls/define-tenancy.js";
export { defineTenancy } from "./rls/define-tenancy.js";
export type { Door, DoorOptions } from "./rls/door.js";
export { door } from "./rls/door.js";
export type { GlobalUniqueOptions } from "./rls/global-unique.js";
export type { Command, DeclaredException } from "./rls/table-declaration.js";
export type { TenantForeignKey } from "./rls/tenant-foreign-key.js";
export { uuidV7 } from "./rls/uuid-v7.js";
export type { TenantRlsOptions } from "./rls/with-tenant-rls.js";

/** The helpers with the default tenancy: column `creator_id` of type uuid, context `app.creator_id`. */
export const {
  tenantColumn,
  tenantKey,
  tenantRootKey,
  withTenantRls,
  tenantRoot,
  tenantAuditLog,
  globalTable,
  globalUnique,
  tenantForeignKey,
} = defineTenancy();
