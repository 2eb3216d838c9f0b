import { tableSubject } from "../../catalog/facts.js";
import { messageOf } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import type { Expected } from "../expected.js";
import { loadPolicyAnalysis } from "../policy-analysis.js";
import { createEngineSql } from "./blocks/engine-blocks.js";
import { StatementExpander } from "./blocks/expand-statements.js";
import { listVariants } from "./blocks/list-variants.js";
import { cachePolicyAnalysis } from "./cache-policy-analysis.js";
import type { MigrationStep, Unit } from "./interpret.js";
import { interpretMigrations } from "./interpret.js";
import type { MigrationText } from "./parse-migration.js";
import { loadSqlParser, parseMigration } from "./parse-migration.js";
import type { SchemaState } from "./schema-state.js";
import { EMPTY_STATE, stateKey } from "./schema-state.js";
import type { DeclaredTable, SqlContext, SqlRule } from "./sql-rule.js";
import { SQL_RULES } from "./sql-rules.js";

/** A migration to judge. `isNew`: databases may still be about to run it. */
export type MigrationToCheck = MigrationText & { readonly isNew: boolean };

/** What the rules over SQL found, and what they read. */
export type SqlCheck = {
  readonly findings: readonly Finding[];
  readonly migrations: readonly MigrationStep[];
};

/**
 * Judges a folder's migrations by every rule over SQL: the state to which they all lead, and, of those that are new, the
 * state after each commit. No database is needed.
 *
 * @param migrations in the order in which they run.
 * @throws TenantryError `sql-invalid` for what does not parse.
 */
export async function checkSql(
  expected: Expected,
  migrations: readonly MigrationToCheck[],
  rules: readonly SqlRule[] = SQL_RULES,
): Promise<SqlCheck> {
  await loadSqlParser();
  const steps = migrations.map((migration) => ({ ...migration, statements: parseMigration(migration) }));
  const analysis = cachePolicyAnalysis(await loadPolicyAnalysis(expected.settings));
  const isEngineSql = createEngineSql(expected);
  const expander = new StatementExpander(isEngineSql);
  const expanded = steps.map((step) => ({ ...step, statements: expander.expand(step.statements) }));
  const { unread } = expander.found;
  const judge = (migrations: readonly MigrationStep[]) => {
    const units = interpretMigrations(migrations);
    const final = units.at(-1)?.after ?? EMPTY_STATE;
    const declared = findDeclared(expected, final);
    const tenantTables = findTenantTables(units, declared);
    const context = { units, final, expected, analysis, isEngineSql, unread, declared, tenantTables };
    return rules.flatMap((rule) => runRule(rule, context));
  };
  const findings = listVariants(expander.found).map((isRun) =>
    judge(expanded.map((step) => ({ ...step, statements: step.statements.filter(isRun) }))),
  );
  return { findings: withoutTwins(findings.flat()), migrations: steps };
}

/** Each finding once. */
function withoutTwins(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

/** A rule that throws has found nothing out: that is an error, and never silence. */
function runRule(rule: SqlRule, context: SqlContext): Finding[] {
  try {
    return rule.check(context).map((finding) => ({ rule: rule.id, ...finding }));
  } catch (thrown) {
    return [
      {
        rule: "rule-failed",
        level: "error",
        subject: rule.id,
        detail: `the rule could not be applied: ${messageOf(thrown)}`,
        fix: "This is a bug in tenantry; please report it with the migration.",
      },
    ];
  }
}

function findDeclared(expected: Expected, final: SchemaState): ReadonlyMap<number, DeclaredTable> {
  const found = expected.tables.flatMap((table): [number, DeclaredTable][] => {
    const state = final.tables.get(stateKey(table.schema, table.name));
    if (state === undefined || table.declaration === undefined) return [];
    const subject = tableSubject(table.schema, table.name);
    return [[state.id, { subject, expected: table, declaration: table.declaration, final: state }]];
  });
  return new Map(found);
}

/** The declared ones, and whatever is part or copy of one, through any number of steps. */
function findTenantTables(
  units: readonly Unit[],
  declared: ReadonlyMap<number, DeclaredTable>,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [id, { declaration }] of declared) if (declaration.kind !== "global") found.add(id);
  for (const { after } of units) {
    for (const { id, origin } of after.tables.values()) {
      if ("of" in origin && !declared.has(id) && origin.of.some((parent) => found.has(parent))) found.add(id);
    }
  }
  return found;
}
