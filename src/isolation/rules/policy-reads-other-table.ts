import { tableSubject } from "../../catalog/facts.js";
import { appliesToService } from "../applies-to-service.js";
import type { AuditContext, AuditedTable, CatalogRule, RuleFinding } from "../rule.js";
import { isTenantBound } from "../tenant-bound.js";

/** A policy that takes its decision from a table which no policy protects: whoever writes there decides. */
export const policyReadsOtherTable: CatalogRule = {
  id: "policy-reads-other-table",
  threats: [15],
  check: (context, tables) =>
    tables
      .filter(({ declaration }) => declaration.kind !== "global")
      .flatMap((table) => judge(table, context)),
};

function judge(table: AuditedTable, context: AuditContext): RuleFinding[] {
  const { relation, subject } = table;
  return context.catalog.around.policyUses
    .filter((use) => use.schema === relation.schema && use.name === relation.name)
    .flatMap((use) => {
      const policy = relation.policies.find(({ name }) => name === use.policy);
      if (policy === undefined || !appliesToService(policy, context.expected.settings)) return [];
      // What is not bound to the tenant at all is policy-widens' to tell.
      if (policy.permissive && !isTenantBound(policy, table, context)) return [];
      return use.reads
        .filter(({ schema, name }) => schema !== relation.schema || name !== relation.name)
        .filter(({ kind, rowSecurity }) => !rowSecurity && kind !== "v")
        .map(
          (read): RuleFinding => ({
            level: "warning",
            subject,
            about: policy.name,
            detail: `policy ${policy.name} reads ${tableSubject(read.schema, read.name)}, whose rows no policy protects`,
            fix: `Put ${tableSubject(read.schema, read.name)} behind withTenantRls or globalTable, or take it out of the policy.`,
          }),
        );
    });
}
