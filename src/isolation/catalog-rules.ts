import type { CatalogRule } from "./rule.js";
import { defaultPrivileges } from "./rules/default-privileges.js";
import { expressionNotPure } from "./rules/expression-not-pure.js";
import { foreignTable } from "./rules/foreign-table.js";
import { functionLeakproof } from "./rules/function-leakproof.js";
import { functionSecurityDefiner } from "./rules/function-security-definer.js";
import { grantTooWide } from "./rules/grant-too-wide.js";
import { internalsGranted } from "./rules/internals-granted.js";
import { jobUnbound } from "./rules/job-unbound.js";
import { keyNotTenantLeading } from "./rules/key-not-tenant-leading.js";
import { largeObjectOpen } from "./rules/large-object-open.js";
import { materializedViewOfTenantRows } from "./rules/materialized-view-of-tenant-rows.js";
import { partitionWithoutPolicy } from "./rules/partition-without-policy.js";
import { policyMissing } from "./rules/policy-missing.js";
import { policyNotTenantBound } from "./rules/policy-not-tenant-bound.js";
import { policyReadsOtherTable } from "./rules/policy-reads-other-table.js";
import { policyRecursive } from "./rules/policy-recursive.js";
import { policyVolatile } from "./rules/policy-volatile.js";
import { policyWidens } from "./rules/policy-widens.js";
import { publicationWithoutFilter } from "./rules/publication-without-filter.js";
import { rlsNotEnabled } from "./rules/rls-not-enabled.js";
import { rlsNotForced } from "./rules/rls-not-forced.js";
import { roleNotConfined } from "./rules/role-not-confined.js";
import { roleTooStrong } from "./rules/role-too-strong.js";
import { ruleCreated } from "./rules/rule-created.js";
import { sequenceReveals } from "./rules/sequence-reveals.js";
import { settingUnsafe } from "./rules/setting-unsafe.js";
import { tableMissing } from "./rules/table-missing.js";
import { tableNotDeclared } from "./rules/table-not-declared.js";
import { tenantColumnInvalid } from "./rules/tenant-column-invalid.js";
import { triggerDisabled } from "./rules/trigger-disabled.js";
import { viewNotSecurityInvoker } from "./rules/view-not-security-invoker.js";

/** Every rule over a live catalog, in the order in which findings are told. */
export const CATALOG_RULES: readonly CatalogRule[] = [
  roleTooStrong,
  roleNotConfined,
  settingUnsafe,
  tableMissing,
  tableNotDeclared,
  rlsNotEnabled,
  rlsNotForced,
  policyMissing,
  policyNotTenantBound,
  policyWidens,
  policyReadsOtherTable,
  policyRecursive,
  policyVolatile,
  tenantColumnInvalid,
  keyNotTenantLeading,
  sequenceReveals,
  grantTooWide,
  defaultPrivileges,
  internalsGranted,
  viewNotSecurityInvoker,
  materializedViewOfTenantRows,
  functionSecurityDefiner,
  functionLeakproof,
  expressionNotPure,
  partitionWithoutPolicy,
  foreignTable,
  ruleCreated,
  publicationWithoutFilter,
  triggerDisabled,
  largeObjectOpen,
  jobUnbound,
];
