import type { DrizzleCall } from "./drizzle-calls.js";
import type { ExportSites } from "./export-sites.js";
import type { UnexportedModel } from "./schema-model.js";
import type { SourceIndex } from "./source-index.js";

type Kind = UnexportedModel["kind"];

const KINDS: ReadonlySet<string> = new Set<Kind>([
  "table",
  "view",
  "materialized view",
  "enum",
  "sequence",
  "policy",
]);

/**
 * What the sources declare and the schema files do not export. What is made inside a function or a loop is left out,
 * since nobody knows whether it runs; so is what is declared `.existing()`, which nobody migrates.
 */
export function findUnexported(
  index: SourceIndex,
  calls: readonly DrizzleCall[],
  sites: ExportSites,
): UnexportedModel[] {
  return (
    calls
      .filter((call) => !call.nested && KINDS.has(call.kind) && !sites.isExported(call))
      .filter((call) => !call.methods.includes("existing"))
      // A policy among a table's extras belongs to the table; only one that is linked must be exported.
      .filter((call) => call.kind !== "policy" || call.methods.includes("link"))
      .map((call) => ({
        kind: call.kind as Kind,
        name: call.name ?? call.node.arguments[0]?.getText(call.file.source) ?? "",
        place: index.placeOf(call.file, call.node),
      }))
  );
}
