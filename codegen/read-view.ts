import type { PgMaterializedView, PgView } from "drizzle-orm/pg-core";
import {
  getMaterializedViewConfig,
  getViewConfig,
  isPgMaterializedView,
  isPgView,
  PgDialect,
} from "drizzle-orm/pg-core";
import { DEFAULT_SCHEMA } from "./read-table.js";
import type { Place, ViewModel } from "./schema-model.js";

const dialect = new PgDialect();

/** True for what `pgView` and `pgMaterializedView` make. */
export function isViewObject(value: unknown): value is PgView | PgMaterializedView {
  return isPgView(value) || isPgMaterializedView(value);
}

/** A view as plain data. */
export function readView(
  view: PgView | PgMaterializedView,
  site: { readonly exportName: string; readonly place: Place | undefined },
): ViewModel {
  const materialized = isPgMaterializedView(view);
  const config = isPgMaterializedView(view) ? getMaterializedViewConfig(view) : getViewConfig(view);
  const options: unknown = Reflect.get(config, "with");
  const invoker =
    typeof options === "object" && options !== null && Reflect.get(options, "securityInvoker") === true;
  return {
    schema: config.schema ?? DEFAULT_SCHEMA,
    name: config.name,
    exportName: site.exportName,
    place: site.place,
    materialized,
    securityInvoker: invoker,
    query: config.isExisting || config.query === undefined ? undefined : render(config.query),
  };
}

/** With its parameters written out, as drizzle-kit does in a view. */
function render(query: NonNullable<ReturnType<typeof getViewConfig>["query"]>): string {
  return dialect.sqlToQuery(query.inlineParams()).sql;
}
