import { messageOf } from "../src/core/errors.js";
import { tenantExpression } from "../src/rls/policy-expression.js";
import type { CodeContext, CodeFinding, PolicedTable } from "./code-rule.js";
import { at, subjectOf, tenantTables } from "./code-rule.js";
import { guardRule } from "./guard-rule.js";
import type { PolicyFault, PolicyRule, PolicySubject } from "./policy-rule.js";
import type { PolicyModel, TableModel } from "./schema-model.js";

/** What a policy rule found, with the rule's own id. */
export type JudgedFinding = CodeFinding & { readonly rule: string };

/** Judges every policy that applies to services by the rules in turn; each policy is one finding at most. */
export function judgePolicies(context: CodeContext, rules: readonly PolicyRule[]): JudgedFinding[] {
  return [...tenantTables(context.model), ...undeclaredTables(context)].flatMap((table) => {
    const contained = hasFloor(context, table);
    const hasColumn = table.table.columns.some(({ name }) => name === table.tenantColumn);
    return table.table.policies
      .filter((policy) => policy.parameters === 0 && appliesToService(context, policy))
      .flatMap((policy) =>
        judge(context, hasColumn ? rules : rules.filter(needsNoTenant), table, policy, contained),
      );
  });
}

/**
 * Tables of which nobody has said whose their rows are, but whose policies somebody has written by hand: judged as if
 * they belonged to the tenant in the project's own column. That they are not declared is another rule's finding.
 */
function undeclaredTables({ model, settings }: CodeContext): PolicedTable[] {
  const { column: tenantColumn, columnType } = settings;
  return model.tables
    .filter(({ declaration, failure }) => declaration === undefined && failure === undefined)
    .map((table) => {
      const tenantType = table.columns.find(({ name }) => name === tenantColumn)?.sqlType ?? columnType;
      return { table, tenantColumn, tenantType };
    });
}

/** Without a tenant column, all that can be said of a policy is that it lets everything through. */
function needsNoTenant({ id }: PolicyRule): boolean {
  return id === "policy-always-true";
}

/** True if a restrictive policy binds every command of the service role to the tenant. */
export function hasFloor(context: CodeContext, table: PolicedTable): boolean {
  return table.table.policies.some((policy) => {
    if (policy.permissive || policy.command !== "all" || !appliesToService(context, policy)) return false;
    try {
      return isBound(context, table, policy.using) && isBound(context, table, policy.check ?? policy.using);
    } catch {
      return false; // It cannot be parsed, which is a finding of its own.
    }
  });
}

/** True if a policy counts for a login that is in the service role and in nothing else. */
export function appliesToService({ settings }: CodeContext, policy: PolicyModel): boolean {
  return policy.roles.includes("public") || policy.roles.includes(settings.roles.tenant);
}

/** True if nobody has to parse a policy, because it is the tenancy's own, to the letter. */
export function isOwnPolicy(
  settings: CodeContext["settings"],
  table: TableModel,
  policy: PolicyModel,
): boolean {
  const { tenantColumn, tenantType } = table.declaration ?? {};
  if (tenantColumn === undefined || tenantType === undefined) return false;
  const own = tenantExpression(settings, tenantColumn, tenantType);
  return policy.using === own && (policy.check ?? own) === own;
}

function judge(
  context: CodeContext,
  rules: readonly PolicyRule[],
  table: PolicedTable,
  policy: PolicyModel,
  contained: boolean,
): readonly JudgedFinding[] {
  if (isOwnPolicy(context.settings, table.table, policy))
    return findFault(rules.filter(needsNoTree), table, policy, {
      ...context,
      table,
      policy,
      contained,
      trees: [],
      usingIsBound: true,
      checkIsBound: true,
    });
  let subject: PolicySubject;
  try {
    subject = readSubject(context, table, policy, contained);
  } catch (thrown) {
    return [
      describe(table, policy, "policy-unreadable", {
        level: "error",
        detail: `PostgreSQL cannot parse policy ${policy.name}: ${messageOf(thrown)}`,
        fix: "Correct its condition.",
      }),
    ];
  }
  return findFault(rules, table, policy, subject);
}

/** PUBLIC is the one fault that a policy with the tenancy's own condition may have. */
function needsNoTree({ id }: PolicyRule): boolean {
  return id === "policy-for-public";
}

function findFault(
  rules: readonly PolicyRule[],
  table: PolicedTable,
  policy: PolicyModel,
  subject: PolicySubject,
): readonly JudgedFinding[] {
  for (const rule of rules) {
    if (!policy.permissive && !rule.judgesRestrictive) continue;
    const found = guardRule(rule.id, () => {
      const fault = rule.find(subject);
      return fault === undefined ? [] : [describe(table, policy, rule.id, fault)];
    });
    if (found.length > 0) return found;
  }
  return [];
}

function readSubject(
  context: CodeContext,
  table: PolicedTable,
  policy: PolicyModel,
  contained: boolean,
): PolicySubject {
  const { parser, settings, model } = context;
  const texts = [policy.using, policy.check].filter((text) => text !== undefined);
  return {
    settings,
    model,
    table,
    policy,
    contained,
    trees: parser === undefined ? [] : texts.map((text) => parser.parseExpression(text)),
    usingIsBound: policy.command === "insert" || isBound(context, table, policy.using),
    checkIsBound:
      policy.check === undefined
        ? policy.command === "select" || policy.command === "delete" || isBound(context, table, policy.using)
        : isBound(context, table, policy.check),
  };
}

function isBound({ parser, settings }: CodeContext, table: PolicedTable, text: string | undefined): boolean {
  const { tenantColumn, tenantType } = table;
  const { schema, name } = table.table;
  if (text === undefined) return false;
  if (text === tenantExpression(settings, tenantColumn, tenantType)) return true;
  // Drizzle writes the columns of a table in another schema with all three names.
  const short = text.replaceAll(`"${schema}"."${name}".`, `"${name}".`);
  return parser?.isTenantBound(short, name, tenantColumn, tenantType) ?? false;
}

function describe(table: PolicedTable, policy: PolicyModel, rule: string, fault: PolicyFault): JudgedFinding {
  return {
    ...fault,
    ...at(policy.place),
    rule,
    subject: subjectOf(table.table),
    object: { table: table.table, name: policy.name },
  };
}
