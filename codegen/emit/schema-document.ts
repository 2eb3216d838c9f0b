import type { TenancySettings } from "../../src/core/tenancy-settings.js";
import { subjectOf } from "../code-rule.js";
import { grantsOf } from "../manifest.js";
import type { ColumnModel, SchemaModel, TableModel } from "../schema-model.js";

/** `docs/schema.md`: the tables, who may do what with them, where, and why not. */
export function emitSchemaDocument(model: SchemaModel, settings: TenancySettings): string {
  const tables = [...model.tables].sort((one, other) => (subjectOf(one) < subjectOf(other) ? -1 : 1));
  return [
    "# The schema",
    "<!-- Written by tenantry generate from the schema files. Do not edit: run it again. -->",
    `${tables.length} tables. The tenant context is the setting \`${settings.setting}\`; without it services see and write no rows.`,
    "## Tables",
    [
      "```mermaid",
      "erDiagram",
      ...tables.flatMap(diagram),
      ...tables.flatMap((table) => lines(table, tables)),
      "```",
    ].join("\n"),
    "## Who may do what",
    `Services are members of \`${settings.roles.tenant}\`. \`${settings.roles.admin}\` is for audited break-glass work and data migrations, and sees the rows of every tenant.`,
    matrix(tables, settings),
    ...doors(model, settings),
    ...reasons(tables),
    ...secrets(tables),
    ...views(model),
  ]
    .join("\n\n")
    .concat("\n");
}

function diagram(table: TableModel): string[] {
  return [
    `  ${entity(table)} {`,
    ...table.columns.map((column) => `    ${typeOf(column)} ${word(column.name)}${marks(table, column)}`),
    "  }",
  ];
}

function lines(table: TableModel, tables: readonly TableModel[]): string[] {
  return [...table.foreignKeys]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((key) => {
      const target = tables.find(
        ({ schema, name }) => schema === key.foreignSchema && name === key.foreignTable,
      );
      if (target === undefined) return [];
      const optional = key.columns.some(
        (name) => table.columns.find((column) => column.name === name)?.notNull !== true,
      );
      const onDelete = key.nulled.length > 0 ? "set null" : key.onDelete;
      const label = `${key.columns.join(", ")} (on delete ${onDelete})`;
      return [`  ${entity(target)} ${optional ? "|o" : "||"}--o{ ${entity(table)} : "${label}"`];
    });
}

function marks(table: TableModel, column: ColumnModel): string {
  const isPrimary = table.keys.some((key) => key.kind === "primary key" && key.columns.includes(column.name));
  const isForeign = table.foreignKeys.some((key) => key.columns.includes(column.name));
  const found = [isPrimary ? "PK" : "", isForeign ? "FK" : ""].filter((mark) => mark !== "");
  const comment = column.name === table.declaration?.tenantColumn ? ' "the tenant"' : "";
  return `${found.length === 0 ? "" : ` ${found.join(", ")}`}${comment}`;
}

/** Mermaid takes neither spaces nor commas in a type. */
function typeOf({ sqlType }: ColumnModel): string {
  const short = sqlType.replace(/^timestamp(.*) with time zone$/, "timestamptz$1").replace(/\s*,\s*/g, "-");
  return short.replace(/[^\w()[\]-]+/g, "_");
}

function entity(table: TableModel): string {
  const name = subjectOf(table);
  return /^[A-Za-z]\w*$/.test(name) ? name : `"${name.replaceAll('"', "'")}"`;
}

function word(name: string): string {
  return name.replace(/[^\w-]+/g, "_");
}

const COMMANDS = ["select", "insert", "update", "delete"] as const;

function matrix(tables: readonly TableModel[], settings: TenancySettings): string {
  const { tenant, admin } = settings.roles;
  const rows = tables.map((table) => {
    const grants = grantsOf(table, settings);
    const services = COMMANDS.map((command) => (grants[tenant]?.includes(command) === true ? "yes" : "–"));
    return [
      subjectOf(table),
      where(table),
      ...services,
      (grants[admin] ?? []).join(", "),
      audit(table),
      whyNot(table),
    ];
  });
  const head = [
    "table",
    `rows that \`${tenant}\` reaches`,
    ...COMMANDS,
    `\`${admin}\``,
    "audited",
    "why not more",
  ];
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map(cell).join(" | ")} |`)
    .join("\n");
}

function where({ declaration }: TableModel): string {
  if (declaration === undefined) return "**not declared**";
  if (declaration.kind === "global") return "all, shared by every tenant";
  return `\`${declaration.tenantColumn}\` is the context${declaration.kind === "root" ? " (the tenant itself)" : ""}`;
}

function audit({ declaration }: TableModel): string {
  if (declaration?.auditLog !== undefined) return "is the log";
  return declaration?.audit === true ? "yes" : "–";
}

function whyNot({ declaration }: TableModel): string {
  if (declaration === undefined) return "nobody has said whose its rows are";
  if (declaration.auditLog !== undefined) return "a log that can be changed proves nothing";
  if (declaration.kind === "global") return "no tenant may change what all share";
  const missing = COMMANDS.filter((command) => !declaration.commands.includes(command));
  return missing.length === 0 ? "" : `the schema leaves out ${missing.join(", ")}`;
}

function doors(model: SchemaModel, settings: TenancySettings): string[] {
  if (model.doors.length === 0) return [];
  const code = (name: string) => `\`${name}\``;
  const rows = model.doors.map((door) => [
    code(door.name),
    door.table === undefined ? "" : code(subjectOf(door.table)),
    door.by.map(({ name }) => code(door.normalize === "lower" ? `lower(${name})` : name)).join(", "),
    door.returns?.map(({ name }) => code(name)).join(", ") ?? "whether there is a row",
    code(door.to ?? settings.roles.tenant),
    door.reason,
  ]);
  const head = ["door", "finds a row of", "by its whole", "and tells", "to", "why"];
  return [
    "## Doors",
    "Look-ups before the tenant is known. Each finds one row at most; nothing else crosses tenants.",
    [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n"),
  ];
}

function reasons(tables: readonly TableModel[]): string[] {
  const told = tables.flatMap((table) => [
    ...(table.declaration?.reason === undefined
      ? []
      : [`- \`${subjectOf(table)}\` is global: ${table.declaration.reason}`]),
    ...(table.declaration?.exceptions ?? []).map(
      ({ rule, subject, reason }) =>
        `- \`${subjectOf(table)}\`, \`${subject}\` is excepted from \`${rule}\`: ${reason}`,
    ),
  ]);
  return told.length === 0 ? [] : ["## Exceptions, and their reasons", told.join("\n")];
}

function secrets(tables: readonly TableModel[]): string[] {
  const told = tables.flatMap((table) =>
    (table.declaration?.secret ?? []).map((column) => `- \`${subjectOf(table)}.${column}\``),
  );
  return told.length === 0 ? [] : ["## Never in an audit row", told.join("\n")];
}

function views({ views: all }: SchemaModel): string[] {
  const told = [...all]
    .sort((one, other) => (subjectOf(one) < subjectOf(other) ? -1 : 1))
    .map((view) => {
      const eyes = view.materialized
        ? "materialized"
        : view.securityInvoker
          ? "as whoever asks"
          : "as its owner";
      return `- \`${subjectOf(view)}\`: ${eyes}`;
    });
  return told.length === 0 ? [] : ["## Views", told.join("\n")];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
