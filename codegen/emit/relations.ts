import type { RelationModel } from "../list-relations.js";
import { byExportName, listRelations } from "../list-relations.js";
import type { SchemaModel } from "../schema-model.js";
import { HEADER, importSchemas } from "./generated-file.js";
import { LINE_WIDTH, printKey } from "./literal.js";

/** `relations.ts`: what `drizzle({ relations })` needs for relational queries. */
export function emitRelations(model: SchemaModel, path: string, schemaFiles: readonly string[]): string {
  const schemas = importSchemas(path, schemaFiles, model.tables);
  const relations = listRelations(model);
  const names = [...schemas.names.values()];
  const whole = names.length === 1 ? "schema" : `{ ${names.map((name) => `...${name}`).join(", ")} }`;
  const start = `${HEADER}import { defineRelations } from "drizzle-orm";\n${schemas.text}\n/** The relations between the tables, for drizzle({ relations }). */\nexport const relations = `;
  if (relations.length === 0) return `${start}defineRelations(${whole});\n`;
  const tables = [...model.tables].sort(byExportName).flatMap((table) => {
    const own = relations.filter((relation) => relation.from === table);
    return own.length === 0
      ? []
      : [`  ${printKey(table.exportName)}: {\n${own.map(printRelation).join("")}  },\n`];
  });
  return `${start}defineRelations(${whole}, (r) => ({\n${tables.join("")}}));\n`;
}

function printRelation(relation: RelationModel): string {
  const { name, cardinality, from, to, fromProperties, toProperties, optional } = relation;
  const key = `    ${printKey(name)}:`;
  const call = `r.${cardinality}${access(to.exportName)}({`;
  const isLong = `${key} ${call}`.length > LINE_WIDTH;
  const indent = isLong ? "      " : "    ";
  return [
    isLong ? `${key}\n${indent}${call}\n` : `${key} ${call}\n`,
    printColumns(`${indent}  from`, from.exportName, fromProperties),
    printColumns(`${indent}  to`, to.exportName, toProperties),
    cardinality === "one" && !optional ? `${indent}  optional: false,\n` : "",
    `${indent}}),\n`,
  ].join("");
}

function printColumns(key: string, table: string, properties: readonly string[]): string {
  const columns = properties.map((property) => `r${access(table)}${access(property)}`);
  const line = `${key}: [${columns.join(", ")}],`;
  if (line.length <= LINE_WIDTH) return `${line}\n`;
  const indent = /^ */.exec(key)?.[0] ?? "";
  const lines = columns.map((column) => {
    const whole = `${indent}  ${column},`;
    // The last property of a chain that is still too long goes into a line of its own.
    return whole.length <= LINE_WIDTH ? whole : whole.replace(/\.(\w+),$/, `\n${indent}    .$1,`);
  });
  return `${key}: [\n${lines.join("\n")}\n${indent}],\n`;
}

function access(name: string): string {
  const key = printKey(name);
  return key === name ? `.${name}` : `[${key}]`;
}
