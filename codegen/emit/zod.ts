import type { TenancySettings } from "../../src/core/tenancy-settings.js";
import { capitalize, singular } from "../english.js";
import { byExportName } from "../list-relations.js";
import type { ColumnModel, SchemaModel, TableModel } from "../schema-model.js";
import { HEADER, importSchemas } from "./generated-file.js";
import { LINE_WIDTH, printKey } from "./literal.js";

/**
 * `zod.ts`: what may be read from a table, and what a service may write into it. The tenant is the context's to give, an
 * id with a default the database's, and so is the time of the last change: none of them is in what is written.
 */
export function emitZod(
  model: SchemaModel,
  path: string,
  schemaFiles: readonly string[],
  settings: TenancySettings,
): string {
  const schemas = importSchemas(path, schemaFiles, model.tables);
  const tables = [...model.tables].sort(byExportName);
  const names = typeNames(tables);
  const blocks = tables.map((table) => {
    const source = `${schemas.names.get(table.exportFile) ?? "schema"}.${table.exportName}`;
    return printTable(table, names.get(table) ?? table.exportName, source, settings);
  });
  const used = ["createInsertSchema", "createSelectSchema", "createUpdateSchema"].filter((name) =>
    blocks.some((block) => block.includes(name)),
  );
  const imports =
    used.length === 0
      ? ""
      : `import { ${used.join(", ")} } from "drizzle-orm/zod";\nimport type { z } from "zod";\n${schemas.text}\n`;
  return `${HEADER}${imports}${blocks.join("\n")}`;
}

function printTable(table: TableModel, name: string, source: string, settings: TenancySettings): string {
  const commands: readonly string[] = table.declaration?.commands ?? [];
  const type = capitalize(name);
  const given = table.columns.filter((column) => isGiven(table, column, settings));
  const fixed = table.columns.filter((column) => isFixed(table, column, settings));
  const print = (kind: "Select" | "Insert" | "Update", omitted: readonly ColumnModel[], comment: string) => {
    const suffix = kind === "Select" ? "" : kind;
    const schema = printSchema(`${name}${kind}Schema`, `create${kind}Schema`, source, omitted);
    return `${schema}/** ${comment} */\n${printType(`${type}${suffix}`, `${name}${kind}Schema`)}`;
  };
  return [
    print("Select", [], `A row of ${table.name}.`),
    ...(commands.includes("insert")
      ? [print("Insert", given, `A new row of ${table.name}, without what the database gives.`)]
      : []),
    ...(commands.includes("update")
      ? [print("Update", fixed, `What may change in a row of ${table.name}.`)]
      : []),
  ].join("");
}

function printSchema(name: string, create: string, source: string, omitted: readonly ColumnModel[]): string {
  const keys = omitted.map(({ property }) => `  ${printKey(property)}: true,\n`).join("");
  const end = omitted.length === 0 ? ";" : ".omit({";
  const line = `export const ${name} = ${create}(${source})${end}`;
  const head = line.length <= LINE_WIDTH ? line : `export const ${name} = ${create}(\n  ${source},\n)${end}`;
  return omitted.length === 0 ? `${head}\n` : `${head}\n${keys}});\n`;
}

function printType(type: string, schema: string): string {
  const line = `export type ${type} = z.infer<typeof ${schema}>;`;
  return line.length <= LINE_WIDTH ? `${line}\n` : `export type ${type} = z.infer<\n  typeof ${schema}\n>;\n`;
}

/** Columns that drizzle-orm leaves out by itself are not to be left out again. */
function isGiven(table: TableModel, column: ColumnModel, settings: TenancySettings): boolean {
  if (column.generatedAlways) return false;
  const isKey = isPrimary(table, column) && column.default !== undefined;
  return column.name === table.declaration?.tenantColumn || isKey || column.name === settings.updatedAtColumn;
}

function isFixed(table: TableModel, column: ColumnModel, settings: TenancySettings): boolean {
  if (column.generatedAlways) return false;
  const isTenant = column.name === table.declaration?.tenantColumn;
  return isTenant || isPrimary(table, column) || column.name === settings.updatedAtColumn;
}

function isPrimary(table: TableModel, column: ColumnModel): boolean {
  return table.keys.some((key) => key.kind === "primary key" && key.columns.includes(column.name));
}

/** The singular of each table's name, unless two tables would share it. */
function typeNames(tables: readonly TableModel[]): Map<TableModel, string> {
  const count = new Map<string, number>();
  for (const { exportName } of tables) {
    const name = singular(exportName);
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  return new Map(
    tables.map((table) => {
      const name = singular(table.exportName);
      return [table, count.get(name) === 1 ? name : table.exportName];
    }),
  );
}
