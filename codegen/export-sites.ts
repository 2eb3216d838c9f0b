import { getTableName, is } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import type { DrizzleCall } from "./drizzle-calls.js";
import { callsWithin } from "./drizzle-calls.js";
import type { Place } from "./schema-model.js";
import type { SourceIndex } from "./source-index.js";

/** An exported object, and where it was made. */
export type ExportSite = {
  readonly value: object;
  /** The first name under which it is exported. */
  readonly exportName: string;
  /** The position of the exporting file among the schema files. */
  readonly exportFile: number;
  /** The call that made it, if that can be told. */
  readonly call: Pick<DrizzleCall, "file" | "node"> | undefined;
  readonly place: Place | undefined;
};

/** Every object that the schema files export, once. */
export type ExportSites = {
  readonly all: readonly ExportSite[];
  /** True if a call made one of them. */
  readonly isExported: (call: DrizzleCall) => boolean;
};

/** Finds, for each exported object, the call that made it: by the name of its export, or else by its own name. */
export function createExportSites(
  index: SourceIndex,
  calls: readonly DrizzleCall[],
  schemaFiles: readonly string[],
  exports: Readonly<Record<string, unknown>>,
): ExportSites {
  const sites = new Map<object, ExportSite>();
  const exportedNodes = new Set<unknown>();
  const byNode = new Map<unknown, DrizzleCall>(calls.map((call) => [call.node, call]));
  for (const [key, value] of Object.entries(exports)) {
    // An enum of drizzle-orm is a function.
    if ((typeof value !== "object" && typeof value !== "function") || value === null) continue;
    const { paths, name, position } = splitKey(key, schemaFiles);
    const located = paths.map((path) => index.resolveExport(path, name)).find((found) => found !== undefined);
    const within = located === undefined ? [] : callsWithin(located.node);
    const known = within.map((node) => byNode.get(node)).find((call) => call !== undefined);
    const outermost = within.at(-1);
    const helper =
      located === undefined || outermost === undefined ? undefined : { file: located.file, node: outermost };
    const call = known ?? named(calls, value) ?? helper;
    if (call !== undefined) exportedNodes.add(call.node);
    if (sites.has(value)) continue;
    const node = call?.node ?? located?.node;
    const file = call?.file ?? located?.file;
    sites.set(value, {
      value,
      exportName: name,
      exportFile: position,
      call,
      place: node === undefined || file === undefined ? undefined : index.placeOf(file, node),
    });
  }
  return { all: [...sites.values()], isExported: ({ node }) => exportedNodes.has(node) };
}

function splitKey(key: string, schemaFiles: readonly string[]) {
  const [, position, name] = /^(\d+):(.*)$/s.exec(key) ?? [];
  const file = position === undefined ? undefined : schemaFiles[Number(position)];
  return file === undefined || name === undefined
    ? { paths: schemaFiles, name: key, position: 0 }
    : { paths: [file], name, position: Number(position) };
}

/** A table whose export cannot be followed, because it was destructured, say, is known by its name in the database. */
function named(calls: readonly DrizzleCall[], value: object): DrizzleCall | undefined {
  if (!is(value, PgTable)) return undefined;
  const name = getTableName(value);
  const found = calls.filter((call) => call.kind === "table" && call.name === name);
  return found.length === 1 ? found[0] : undefined;
}
