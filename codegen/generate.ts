import { join } from "node:path";
import type { TenancySettings } from "../src/core/tenancy-settings.js";
import { emitDoors } from "./emit/doors.js";
import type { GeneratedFile } from "./emit/generated-file.js";
import { emitManifest } from "./emit/manifest.js";
import { emitRelations } from "./emit/relations.js";
import { emitSchemaDocument } from "./emit/schema-document.js";
import { emitZod } from "./emit/zod.js";
import type { SchemaSources } from "./read-schema.js";
import { readSchema } from "./read-schema.js";

/** What {@link generateFiles} works from. */
export type GenerateOptions = SchemaSources & {
  readonly settings: TenancySettings;
  /** The folder for the TypeScript files, absolute. */
  readonly out: string;
  /** The document, absolute. */
  readonly docs: string;
};

/** Everything that is generated from the schema, in the order of its paths. Writes nothing. */
export async function generateFiles(options: GenerateOptions): Promise<GeneratedFile[]> {
  const { settings, schemaFiles, out, docs } = options;
  const model = await readSchema(options);
  const file = (name: string, emit: (path: string) => string): GeneratedFile => {
    const path = join(out, name);
    return { path, text: emit(path) };
  };
  return [
    ...(model.doors.length === 0 ? [] : [file("doors.ts", (path) => emitDoors(model, path, schemaFiles))]),
    file("manifest.ts", () => emitManifest(model, settings)),
    file("relations.ts", (path) => emitRelations(model, path, schemaFiles)),
    file("zod.ts", (path) => emitZod(model, path, schemaFiles, settings)),
    { path: docs, text: emitSchemaDocument(model, settings) },
  ];
}
