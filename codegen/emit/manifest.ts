import type { TenancySettings } from "../../src/core/tenancy-settings.js";
import { createManifest } from "../manifest.js";
import type { SchemaModel } from "../schema-model.js";
import { HEADER } from "./generated-file.js";
import { printLiteral } from "./literal.js";

/** `manifest.ts`: what the schema promises, for programs. */
export function emitManifest(model: SchemaModel, settings: TenancySettings): string {
  return `${HEADER}
/** What the schema promises about each table. The digest is over all of it: it changes when a promise does. */
export const manifest = ${printLiteral(createManifest(model, settings))} as const;

/** The type of {@link manifest}. */
export type Manifest = typeof manifest;
`;
}
