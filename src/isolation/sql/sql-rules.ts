import { defaultPrivileges } from "./rules/default-privileges.js";
import { dynamicSql } from "./rules/dynamic-sql.js";
import { foreignKeySetNull } from "./rules/foreign-key-set-null.js";
import { foreignTable } from "./rules/foreign-table.js";
import { functionLeakproof } from "./rules/function-leakproof.js";
import { functionSecurityDefiner } from "./rules/function-security-definer.js";
import { grantTooWide } from "./rules/grant-too-wide.js";
import { internalsGranted } from "./rules/internals-granted.js";
import { jobUnbound } from "./rules/job-unbound.js";
import { keyNotTenantLeading } from "./rules/key-not-tenant-leading.js";
import { largeObjectOpen } from "./rules/large-object-open.js";
import { materializedViewOfTenantRows } from "./rules/materialized-view-of-tenant-rows.js";
import { nameShadowed } from "./rules/name-shadowed.js";
import { notifyCarriesRows } from "./rules/notify-carries-rows.js";
import { partitionWithoutPolicy } from "./rules/partition-without-policy.js";
import { policyGap } from "./rules/policy-gap.js";
import { policyMissing } from "./rules/policy-missing.js";
import { policyNotTenantBound } from "./rules/policy-not-tenant-bound.js";
import { policyWidens } from "./rules/policy-widens.js";
import { publicationWithoutFilter } from "./rules/publication-without-filter.js";
import { rlsNotEnabled } from "./rules/rls-not-enabled.js";
import { rlsNotForced } from "./rules/rls-not-forced.js";
import { roleNotConfined } from "./rules/role-not-confined.js";
import { roleTooStrong } from "./rules/role-too-strong.js";
import { rowSecurityOff } from "./rules/row-security-off.js";
import { ruleCreated } from "./rules/rule-created.js";
import { serverReached } from "./rules/server-reached.js";
import { sessionLevelContext } from "./rules/session-level-context.js";
import { settingUnsafe } from "./rules/setting-unsafe.js";
import { systemCatalogChanged } from "./rules/system-catalog-changed.js";
import { tableCopied } from "./rules/table-copied.js";
import { tableNotDeclared } from "./rules/table-not-declared.js";
import { tenantColumnInvalid } from "./rules/tenant-column-invalid.js";
import { triggerDisabled } from "./rules/trigger-disabled.js";
import { viewNotSecurityInvoker } from "./rules/view-not-security-invoker.js";
import type { SqlRule } from "./sql-rule.js";

/** Every rule over migrations. */
export const SQL_RULES: readonly SqlRule[] = [
  tableNotDeclared,
  rlsNotEnabled,
  rlsNotForced,
  policyMissing,
  policyGap,
  policyNotTenantBound,
  policyWidens,
  tenantColumnInvalid,
  keyNotTenantLeading,
  foreignKeySetNull,
  grantTooWide,
  defaultPrivileges,
  roleTooStrong,
  roleNotConfined,
  settingUnsafe,
  internalsGranted,
  largeObjectOpen,
  jobUnbound,
  viewNotSecurityInvoker,
  materializedViewOfTenantRows,
  functionSecurityDefiner,
  functionLeakproof,
  partitionWithoutPolicy,
  tableCopied,
  foreignTable,
  ruleCreated,
  publicationWithoutFilter,
  triggerDisabled,
  sessionLevelContext,
  rowSecurityOff,
  systemCatalogChanged,
  nameShadowed,
  serverReached,
  notifyCarriesRows,
  dynamicSql,
];
