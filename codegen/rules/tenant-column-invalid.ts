import { contextType } from "../../src/rls/policy-expression.js";
import type { CodeContext, CodeFinding, CodeRule, TenantTable } from "../code-rule.js";
import { at, subjectOf, tenantTables } from "../code-rule.js";
import type { ColumnModel } from "../schema-model.js";

/** A tenant column that is missing, may be null, is of another type than the root's id, or has no default. */
export const tenantColumnInvalid: CodeRule = {
  id: "tenant-column-invalid",
  threats: [13, 18],
  check: (context) => [
    ...context.model.tables.flatMap((table): CodeFinding[] =>
      table.failure?.code === "tenant-column-missing"
        ? [
            {
              level: "error",
              subject: subjectOf(table),
              ...at(table.place),
              detail: `it has no tenant column ${context.settings.column}`,
              fix: "Add ...tenantKey() or ...tenantColumn() to its columns.",
            },
          ]
        : [],
    ),
    ...tenantTables(context.model)
      .filter(({ declaration }) => declaration.kind === "tenant")
      .flatMap((table) => judge(context, table)),
  ],
};

function judge(context: CodeContext, tenant: TenantTable): CodeFinding[] {
  const { table, tenantColumn } = tenant;
  const column = table.columns.find(({ name }) => name === tenantColumn);
  if (column === undefined) return [];
  const find = (level: "error" | "warning", detail: string, fix: string): CodeFinding[] => [
    { level, subject: `${subjectOf(table)}.${column.name}`, ...at(column.place), detail, fix },
  ];
  if (!column.notNull) {
    return find("error", "it may be null, and a row without a tenant is nobody's", "Add .notNull().");
  }
  const roots = rootTypes(context);
  const wanted = roots.length === 0 ? [context.settings.columnType] : roots;
  const type = contextType(column.sqlType) ?? column.sqlType;
  if (!wanted.includes(type)) {
    const of = roots.length === 0 ? '"columnType" of defineTenancy()' : "the id of the tenant root";
    const right = wanted.join(" or ");
    return find(
      "error",
      `it is ${type}, but ${of} is ${right}`,
      `Make it ${right}, or use ...tenantColumn().`,
    );
  }
  if (!hasContextDefault(column, context.settings.setting)) {
    return find(
      "warning",
      "its default is not the tenant context, so that every insert must name the tenant",
      "Use ...tenantColumn() or ...tenantKey().",
    );
  }
  return [];
}

/** A default of the service's own may well be the context. */
function hasContextDefault({ default: value }: ColumnModel, setting: string): boolean {
  return value?.kind === "function" || (value?.kind === "sql" && value.text.includes(setting));
}

function rootTypes({ model }: CodeContext): string[] {
  return tenantTables(model).flatMap(({ table, declaration, tenantColumn }) => {
    if (declaration.kind !== "root") return [];
    const id = table.columns.find(({ name }) => name === tenantColumn);
    return id === undefined ? [] : [contextType(id.sqlType) ?? id.sqlType];
  });
}
