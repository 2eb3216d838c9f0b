import type { Relation } from "../catalog/catalog.js";
import type { Place } from "../catalog/surroundings.js";
import type { AuditContext } from "./rule.js";

/** Which views read rows of tenants, and with whose rights. */
export type TenantReads = {
  /** The tenant tables of the schema, and the partitions and children of them. */
  readonly isTenantTable: (place: Place) => boolean;
  /** The tenant table that a partition or child is part of, through any number of steps. */
  readonly parentOf: (place: Place) => Place | undefined;
  /** True if a view, or a materialized view, reads rows of tenants, directly or through other views. */
  readonly readsTenantRows: (place: Place) => boolean;
  /** True if all that it reads is declared global, and it reads something. */
  readonly readsGlobalOnly: (place: Place) => boolean;
  /** True if a view passes rows on that it reads with the rights of an owner whom no tenant policy binds. */
  readonly leaks: (view: Relation) => boolean;
};

/** Works it out from the server's own dependencies. */
export function findTenantReads({ expected, catalog, reach }: Omit<AuditContext, "reads">): TenantReads {
  const { viewReads, children, elsewhere } = catalog.around;
  const declared = new Map(expected.tables.map((table) => [placeKey(table), table.declaration?.kind]));
  const parents = new Map(children.map((child) => [placeKey(child), child.parent]));
  const reads = new Map<string, Place[]>();
  for (const one of viewReads) reads.set(placeKey(one), [...(reads.get(placeKey(one)) ?? []), one.reads]);
  const relations = new Map(
    [...catalog.relations, ...elsewhere].map((relation) => [placeKey(relation), relation]),
  );
  const isDeclaredTenant = (place: Place) => {
    const kind = declared.get(placeKey(place));
    return kind === "tenant" || kind === "root";
  };
  const parentOf = (place: Place): Place | undefined => {
    const seen = new Set<string>();
    for (let at = parents.get(placeKey(place)); at !== undefined; at = parents.get(placeKey(at))) {
      if (isDeclaredTenant(at) || seen.has(placeKey(at))) return isDeclaredTenant(at) ? at : undefined;
      seen.add(placeKey(at));
    }
    return undefined;
  };
  const isTenantTable = (place: Place) => isDeclaredTenant(place) || parentOf(place) !== undefined;
  const leavesOf = (place: Place, seen = new Set<string>()): Place[] => {
    const key = placeKey(place);
    if (seen.has(key)) return [];
    seen.add(key);
    const further = reads.get(key);
    return further === undefined ? [place] : further.flatMap((one) => leavesOf(one, seen));
  };
  const readsTenantRows = (place: Place) => leavesOf(place).some(isTenantTable);
  // A view with security_invoker reads with the rights of whoever runs the query, also inside a view without it.
  const readsAs = (place: Place, bound: boolean, seen: ReadonlySet<string>): boolean => {
    const key = placeKey(place);
    const further = reads.get(key);
    if (further === undefined) return !bound && isTenantTable(place);
    if (seen.has(key)) return false;
    const view = relations.get(key);
    const inner = view === undefined ? bound : isInvoker(view) || reach.isBound(view.owner);
    return further.some((one) => readsAs(one, inner, new Set([...seen, key])));
  };
  return {
    isTenantTable,
    parentOf,
    readsTenantRows,
    readsGlobalOnly: (place) => {
      const leaves = leavesOf(place).filter((leaf) => leaf.name !== place.name);
      return leaves.length > 0 && leaves.every((leaf) => declared.get(placeKey(leaf)) === "global");
    },
    leaks: (view) =>
      !isInvoker(view) &&
      (reads.get(placeKey(view)) ?? []).some((one) =>
        readsAs(one, reach.isBound(view.owner), new Set([placeKey(view)])),
      ),
  };
}

/** True if a view asks the policies of whoever reads it. PostgreSQL keeps the option as it was written. */
function isInvoker(view: Pick<Relation, "options">): boolean {
  return view.options.some((option) => /^security_invoker=(true|on|yes|1)$/i.test(option));
}

/** A place as a key of a map. */
function placeKey({ schema, name }: Place): string {
  return JSON.stringify([schema, name]);
}
