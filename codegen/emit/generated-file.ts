import { dirname, relative, sep } from "node:path";
import type { TableModel } from "../schema-model.js";

/** A file that is written by `tenantry generate`. */
export type GeneratedFile = {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
};

/** The first line of every generated TypeScript file. */
export const HEADER = "// Written by tenantry generate from the schema files. Do not edit: run it again.\n";

/** How one TypeScript file imports another: by a relative path, with the extension that it has when it is compiled. */
export function importPath(from: string, to: string): string {
  const path = relative(dirname(from), to).split(sep).join("/");
  return (path.startsWith(".") ? path : `./${path}`).replace(/\.([cm]?)tsx?$/, ".$1js");
}

/** The imports of the schema files, and the name of each. */
export type SchemaImports = {
  /** By the file's position: `schema`, or `schema0`, `schema1`, … where there are several. */
  readonly names: ReadonlyMap<number, string>;
  readonly text: string;
};

/** Imports the schema files that export tables; the others may well be what is generated. */
export function importSchemas(
  from: string,
  schemaFiles: readonly string[],
  tables: readonly Pick<TableModel, "exportFile">[],
): SchemaImports {
  const used = schemaFiles.flatMap((file, position) =>
    tables.some((table) => table.exportFile === position) ? [{ file, position }] : [],
  );
  const names = new Map(
    used.map(({ position }) => [position, used.length === 1 ? "schema" : `schema${position}`]),
  );
  const lines = used.map(({ file, position }) => ({
    path: importPath(from, file),
    text: `import * as ${names.get(position)} from "${importPath(from, file)}";\n`,
  }));
  // Formatters sort imports by their paths.
  const sorted = lines.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { names, text: sorted.map((line) => line.text).join("") };
}
