import { camelCase } from "../../src/core/camel-case.js";
import type { DoorModel, SchemaModel, TableModel } from "../schema-model.js";
import { HEADER, importSchemas } from "./generated-file.js";
import { LINE_WIDTH, printKey } from "./literal.js";

/** `doors.ts`: the doors for `connect({ doors })`, with what each is asked with and what it answers. */
export function emitDoors(model: SchemaModel, path: string, schemaFiles: readonly string[]): string {
  const doors = model.doors.flatMap((door) =>
    door.table === undefined ? [] : [{ ...door, table: door.table }],
  );
  const schemas = importSchemas(path, schemaFiles, [...doors, ...doors.map(({ table }) => table)]);
  const nameOf = ({ exportFile, exportName }: Exported) =>
    `${schemas.names.get(exportFile) ?? "schema"}.${exportName}`;
  const entries = doors.map((door) => printDoor(door, nameOf(door), nameOf(door.table)));
  return `${HEADER}import type { Door } from "tenantry";
${schemas.text}
/** The look-ups before the tenant is known, for connect({ doors }). */
export const doors = {
${entries.join("")}};
`;
}

type Exported = Pick<TableModel, "exportFile" | "exportName">;

function printDoor(door: DoorModel, value: string, table: string): string {
  const row = `typeof ${table}.$inferSelect`;
  const keys = door.by.map(
    ({ property }) => `${argumentName(property)}: (${row})[${JSON.stringify(property)}]`,
  );
  const key = `  ${printKey(camelCase(door.name))}:`;
  return `${key} ${value} as Door<\n    ${printArguments(keys)},\n    ${printAnswer(door, row)}\n  >,\n`;
}

function printArguments(keys: readonly string[]): string {
  const line = `[${keys.join(", ")}]`;
  if (line.length + 5 <= LINE_WIDTH) return line;
  return `[\n${keys.map((key) => `      ${key},\n`).join("")}    ]`;
}

function printAnswer({ returns }: DoorModel, row: string): string {
  if (returns === undefined) return "boolean";
  const names = returns.map(({ property }) => JSON.stringify(property));
  const line = `Pick<${row}, ${names.join(" | ")}> | undefined`;
  if (line.length + 4 <= LINE_WIDTH) return line;
  const union = names.join(" | ");
  const inner =
    union.length + 8 <= LINE_WIDTH
      ? `        ${union}\n`
      : names.map((name) => `        | ${name}\n`).join("");
  return `| Pick<\n        ${row},\n${inner}      >\n    | undefined`;
}

/** A property that is no name is called by what of it is one. */
function argumentName(property: string): string {
  const name = property.replaceAll(/[^\w$]/g, "_");
  return /^\d/.test(name) ? `_${name}` : name;
}
