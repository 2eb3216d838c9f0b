import type { CodeRule } from "./code-rule.js";
import type { PolicyRule } from "./policy-rule.js";
import { foreignKeySetNull } from "./rules/foreign-key-set-null.js";
import { keyNotTenantLeading } from "./rules/key-not-tenant-leading.js";
import { materializedViewOfTenantRows } from "./rules/materialized-view-of-tenant-rows.js";
import { notifyCarriesRows } from "./rules/notify-carries-rows.js";
import { outerDatabaseInTenantCallback } from "./rules/outer-database-in-tenant-callback.js";
import { outlivesTransaction } from "./rules/outlives-transaction.js";
import { policyAlwaysTrue } from "./rules/policy/policy-always-true.js";
import { policyCastsColumn } from "./rules/policy/policy-casts-column.js";
import { policyCheckWeaker } from "./rules/policy/policy-check-weaker.js";
import { policyContextOpen } from "./rules/policy/policy-context-open.js";
import { policyContextStrict } from "./rules/policy/policy-context-strict.js";
import { policyForPublic } from "./rules/policy/policy-for-public.js";
import { policyHardCodedTenant } from "./rules/policy/policy-hard-coded-tenant.js";
import { policyKeyedOnRole } from "./rules/policy/policy-keyed-on-role.js";
import { policyReadsOtherTable } from "./rules/policy/policy-reads-other-table.js";
import { policyRecursive } from "./rules/policy/policy-recursive.js";
import { policySwitchedOff } from "./rules/policy/policy-switched-off.js";
import { policyWidens } from "./rules/policy/policy-widens.js";
import { policyWrongSetting } from "./rules/policy/policy-wrong-setting.js";
import { policyIndexMissing } from "./rules/policy-index-missing.js";
import { policyMissing } from "./rules/policy-missing.js";
import { policyNotTenantBound } from "./rules/policy-not-tenant-bound.js";
import { policyParameters } from "./rules/policy-parameters.js";
import { rawContextSetting } from "./rules/raw-context-setting.js";
import { sessionLevelContext } from "./rules/session-level-context.js";
import { superuserLogin } from "./rules/superuser-login.js";
import { tableNotDeclared } from "./rules/table-not-declared.js";
import { tableNotExported } from "./rules/table-not-exported.js";
import { tableUnreadable } from "./rules/table-unreadable.js";
import { tenantColumnInvalid } from "./rules/tenant-column-invalid.js";
import { uniqueBlocksDeleted } from "./rules/unique-blocks-deleted.js";
import { viewNotSecurityInvoker } from "./rules/view-not-security-invoker.js";

/** Every rule over code, in the order in which findings are told. */
export const CODE_RULES: readonly CodeRule[] = [
  tableNotExported,
  tableUnreadable,
  tableNotDeclared,
  tenantColumnInvalid,
  keyNotTenantLeading,
  foreignKeySetNull,
  uniqueBlocksDeleted,
  policyMissing,
  policyNotTenantBound,
  policyParameters,
  policyIndexMissing,
  viewNotSecurityInvoker,
  materializedViewOfTenantRows,
  sessionLevelContext,
  rawContextSetting,
  outerDatabaseInTenantCallback,
  outlivesTransaction,
  notifyCarriesRows,
  superuserLogin,
];

/** Every rule over one policy, the most telling first. */
export const POLICY_RULES: readonly PolicyRule[] = [
  policyRecursive,
  policyWrongSetting,
  policyContextStrict,
  policyContextOpen,
  policySwitchedOff,
  policyAlwaysTrue,
  policyHardCodedTenant,
  policyKeyedOnRole,
  policyCastsColumn,
  policyCheckWeaker,
  policyReadsOtherTable,
  policyWidens,
  policyForPublic,
];

/** The rules from which a table may declare exceptions. */
export const ACCEPTABLE_RULES: ReadonlySet<string> = new Set([
  keyNotTenantLeading.id,
  foreignKeySetNull.id,
  uniqueBlocksDeleted.id,
  ...POLICY_RULES.map(({ id }) => id),
]);
