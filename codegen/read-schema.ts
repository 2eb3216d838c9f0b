import { getColumns, getTableName, is } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { isPgEnum, isPgSequence, PgPolicy, PgRole, PgTable } from "drizzle-orm/pg-core";
import { findDrizzleCalls } from "./drizzle-calls.js";
import type { ExportSite } from "./export-sites.js";
import { createExportSites } from "./export-sites.js";
import { findSourceFiles } from "./find-source-files.js";
import { findUnexported } from "./find-unexported.js";
import { createPlaceFinder } from "./place-finder.js";
import { readDoors } from "./read-door.js";
import { readTable, schemaOf } from "./read-table.js";
import { isViewObject, readView } from "./read-view.js";
import type { ObjectModel, Place, SchemaModel, TableModel } from "./schema-model.js";
import { indexSources } from "./source-index.js";
import { readTableSource } from "./table-source.js";

/** A project's schema files, and what they evaluated to. */
export type SchemaSources = {
  /** The project's directory: places are relative to it. */
  readonly directory: string;
  /** The files that drizzle-kit reads, absolute. */
  readonly schemaFiles: readonly string[];
  /** Their exports, merged; a key is the file's position in `schemaFiles`, a colon, and the name. */
  readonly exports: Readonly<Record<string, unknown>>;
};

/**
 * Puts together what the schema files say and what they evaluate to. An object that is exported under two names counts
 * once, under the first.
 *
 * @throws TenantryError `dependency-missing` if ts-morph is not installed.
 */
export async function readSchema({ directory, schemaFiles, exports }: SchemaSources): Promise<SchemaModel> {
  const index = indexSources(directory, await findSourceFiles(schemaFiles));
  const calls = findDrizzleCalls(index);
  const sites = createExportSites(index, calls, schemaFiles, exports);
  const policies = linkedPolicies(sites.all);
  const models = new Map<unknown, TableModel>();
  const tables = sites.all.flatMap((site): TableModel[] => {
    const { value } = site;
    if (!is(value, PgTable)) return [];
    const source =
      site.call === undefined ? undefined : readTableSource(index, site.call.file, site.call.node);
    const columns = Object.entries<PgColumn>(getColumns(value) as never);
    const properties = new Map(columns.map(([property, column]) => [column.name, property]));
    const model = readTable({
      table: value,
      exportName: site.exportName,
      exportFile: site.exportFile,
      commentsAbove: (place) => index.commentsAbove(place),
      schema: schemaOf(value),
      name: getTableName(value),
      places: createPlaceFinder(source, site.place, properties),
      linked: policies.filter(({ table }) => table === value),
    });
    models.set(value, model);
    return [model];
  });
  const views = sites.all.flatMap(({ value, ...site }) =>
    isViewObject(value) ? [readView(value, site)] : [],
  );
  const objects = sites.all.flatMap(readObject);
  const doors = readDoors(sites.all, (table) => models.get(table));
  return { tables, views, doors, objects, unexported: findUnexported(index, calls, sites) };
}

type LinkedPolicy = { readonly policy: PgPolicy; readonly table: unknown; readonly place: Place | undefined };

/** `pgPolicy(…).link(table)`, exported on its own: drizzle-kit writes it like the table's own policies. */
function linkedPolicies(sites: readonly ExportSite[]): LinkedPolicy[] {
  return sites.flatMap(({ value, place }) =>
    is(value, PgPolicy) ? [{ policy: value, table: Reflect.get(value, "_linkedTable"), place }] : [],
  );
}

function readObject({ value, exportName, place }: ExportSite): ObjectModel[] {
  if (isPgEnum(value))
    return [{ kind: "enum", schema: value.schema, name: value.enumName, exportName, place }];
  if (isPgSequence(value))
    return [{ kind: "sequence", schema: value.schema, name: value.seqName ?? "", exportName, place }];
  if (is(value, PgRole)) return [{ kind: "role", schema: undefined, name: value.name, exportName, place }];
  return [];
}
