import { tableSubject } from "../catalog/facts.js";
import type { Finding } from "../core/finding.js";
import type { AuditContext, AuditedTable, CatalogRule } from "./rule.js";
import { grantTooWide } from "./rules/grant-too-wide.js";
import { keyNotTenantLeading } from "./rules/key-not-tenant-leading.js";
import { policyMissing } from "./rules/policy-missing.js";
import { policyNotTenantBound } from "./rules/policy-not-tenant-bound.js";
import { policyWidens } from "./rules/policy-widens.js";
import { rlsNotEnabled } from "./rules/rls-not-enabled.js";
import { rlsNotForced } from "./rules/rls-not-forced.js";
import { roleTooStrong } from "./rules/role-too-strong.js";
import { tableMissing } from "./rules/table-missing.js";
import { tableNotDeclared } from "./rules/table-not-declared.js";
import { viewIgnoresPolicies } from "./rules/view-ignores-policies.js";

/** Every rule over a live catalog, in the order in which findings are told. */
export const CATALOG_RULES: readonly CatalogRule[] = [
  roleTooStrong,
  tableMissing,
  tableNotDeclared,
  rlsNotEnabled,
  rlsNotForced,
  policyMissing,
  policyNotTenantBound,
  policyWidens,
  keyNotTenantLeading,
  grantTooWide,
  viewIgnoresPolicies,
];

/** Judges a live catalog by every rule. */
export function auditCatalog(context: AuditContext): Finding[] {
  const tables = pairTables(context);
  return CATALOG_RULES.flatMap((rule) =>
    rule.check(context, tables).map((finding) => ({ rule: rule.id, ...finding })),
  );
}

function pairTables({ expected, catalog }: AuditContext): AuditedTable[] {
  return expected.tables.flatMap((table) => {
    const relation = catalog.relations.find(
      ({ schema, name }) => schema === table.schema && name === table.name,
    );
    if (relation === undefined || table.declaration === undefined) return [];
    return [
      {
        subject: tableSubject(table.schema, table.name),
        expected: table,
        declaration: table.declaration,
        relation,
      },
    ];
  });
}
