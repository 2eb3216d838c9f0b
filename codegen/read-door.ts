import { is } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { PgTable } from "drizzle-orm/pg-core";
import { doorOf, propertyOf } from "../src/rls/door.js";
import type { ExportSite } from "./export-sites.js";
import type { DoorModel, TableModel } from "./schema-model.js";

/** The doors among the exports, as plain data, in the order of their names. */
export function readDoors(
  sites: readonly ExportSite[],
  modelOf: (table: PgTable) => TableModel | undefined,
): DoorModel[] {
  return sites
    .flatMap((site): DoorModel[] => {
      const door = doorOf(site.value);
      if (door === undefined || !is(door.table, PgTable)) return [];
      const { table } = door;
      const named = (column: AnyPgColumn) => ({ name: column.name, property: propertyOf(table, column) });
      return [
        {
          name: door.name,
          exportName: site.exportName,
          exportFile: site.exportFile,
          place: site.place,
          table: modelOf(table),
          by: door.by.map(named),
          normalize: door.normalize,
          returns: door.returns?.map(named),
          to: door.to,
          reason: door.reason,
        },
      ];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
