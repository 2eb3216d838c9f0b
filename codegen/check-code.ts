import { glob } from "tinyglobby";
import type { Finding } from "../src/core/finding.js";
import type { TenancySettings } from "../src/core/tenancy-settings.js";
import { acceptExceptions } from "./accept-exceptions.js";
import type { CodeContext, CodeRule, ServiceFile } from "./code-rule.js";
import { CODE_RULES, POLICY_RULES } from "./code-rules.js";
import { guardRule } from "./guard-rule.js";
import { isOwnPolicy, judgePolicies } from "./judge-policies.js";
import type { SchemaSources } from "./read-schema.js";
import { readSchema } from "./read-schema.js";
import type { SchemaModel } from "./schema-model.js";
import { indexSources } from "./source-index.js";
import { loadSqlParser } from "./sql-parser.js";

/** What {@link checkCode} looks at. */
export type CodeCheckOptions = SchemaSources & {
  readonly settings: TenancySettings;
  /** Patterns of the services' own source files, relative to the directory; none by default. */
  readonly servicePaths?: readonly string[];
};

/**
 * The first layer of the proof chain: judges the schema files, and the code of the services, without a database.
 *
 * @param rules only tests give others.
 * @throws TenantryError `dependency-missing` if ts-morph is not installed.
 * @example
 * const findings = await checkCode({ directory, settings, schemaFiles, exports });
 */
export async function checkCode(
  options: CodeCheckOptions,
  rules: readonly CodeRule[] = CODE_RULES,
): Promise<Finding[]> {
  const { settings, directory, servicePaths = [] } = options;
  const model = await readSchema(options);
  const context: CodeContext = {
    settings,
    model,
    parser: needsParser(settings, model) ? await loadSqlParser(settings) : undefined,
    services: await readServices(directory, servicePaths),
  };
  const found = [
    ...rules.flatMap((rule) =>
      guardRule(rule.id, () => rule.check(context).map((finding) => ({ rule: rule.id, ...finding }))),
    ),
    ...judgePolicies(context, POLICY_RULES),
  ];
  return acceptExceptions(model, found);
}

/** Views, and policies that are not the tenancy's own. */
function needsParser(settings: TenancySettings, model: SchemaModel): boolean {
  return (
    model.views.some(({ query }) => query !== undefined) ||
    model.tables.some(
      (table) =>
        table.declaration?.kind !== "global" &&
        table.policies.some(
          (policy) => !policy.roles.includes(settings.roles.admin) && !isOwnPolicy(settings, table, policy),
        ),
    )
  );
}

async function readServices(directory: string, patterns: readonly string[]): Promise<ServiceFile[]> {
  if (patterns.length === 0) return [];
  const files = await glob([...patterns], {
    cwd: directory,
    absolute: true,
    ignore: ["**/node_modules/**", "**/*.d.ts"],
  });
  const index = indexSources(directory, files.sort());
  return index.files
    .filter(({ path }) => files.includes(path))
    .map((file) => ({ file, placeOf: (node) => index.placeOf(file, node) }));
}
