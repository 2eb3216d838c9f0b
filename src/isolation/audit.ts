import { tableSubject } from "../catalog/facts.js";
import { messageOf } from "../core/errors.js";
import type { Finding } from "../core/finding.js";
import { CATALOG_RULES } from "./catalog-rules.js";
import type { AuditContext, AuditedTable, AuditInput, CatalogRule, RuleFinding } from "./rule.js";
import { restoringFix } from "./rule.js";
import { findServiceReach } from "./service-reach.js";
import { findTenantReads } from "./tenant-reads.js";

export { CATALOG_RULES };

/** Judges a live catalog by every rule; what the schema declares as an exception is left out. */
export function auditCatalog(input: AuditInput): Finding[] {
  const reach = findServiceReach(input.catalog, input.expected.settings);
  const context = { ...input, reach, reads: findTenantReads({ ...input, reach }) };
  const tables = pairTables(context);
  return CATALOG_RULES.flatMap((rule) =>
    runRule(rule, context, tables)
      .filter((finding) => !isAccepted(rule.id, finding, tables))
      .map(({ about: _, fix, ...finding }) => ({
        rule: rule.id,
        ...finding,
        fix: typeof fix === "string" ? fix : restoringFix(fix, input.madeBy),
      })),
  );
}

/** A rule that throws has found nothing out: that is an error, and never silence. */
function runRule(
  rule: CatalogRule,
  context: AuditContext,
  tables: readonly AuditedTable[],
): readonly RuleFinding[] {
  try {
    return rule.check(context, tables);
  } catch (thrown) {
    const detail = `the rule could not be applied: ${messageOf(thrown)}`;
    const fix = "This is a bug in tenantry; please report it with the catalog.";
    return [{ level: "error", subject: rule.id, detail, fix }];
  }
}

/** An exception from `policy-widens` accepts a policy, whatever it is that makes it wide. */
function isAccepted(rule: string, { subject, about }: RuleFinding, tables: readonly AuditedTable[]): boolean {
  if (about === undefined) return false;
  const { exceptions } = tables.find((table) => table.subject === subject)?.declaration ?? { exceptions: [] };
  return exceptions.some(
    (each) =>
      each.subject === about &&
      (each.rule === rule || (each.rule === "policy-widens" && rule.startsWith("policy-"))),
  );
}

function pairTables({ expected, catalog }: AuditInput): AuditedTable[] {
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
