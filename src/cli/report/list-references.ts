import type { Catalog } from "../../catalog/catalog.js";
import { tableSubject } from "../../catalog/facts.js";
import type { Expected } from "../../isolation/expected.js";
import type { Reference } from "./report.js";

/** The foreign keys that the database has, of and to what it shows. */
export function listReferences(
  expected: Expected,
  { relations }: Pick<Catalog, "relations">,
  shown: ReadonlySet<string>,
): Reference[] {
  const tenantColumns = new Map(
    expected.tables.map(({ schema, name, declaration }) => [
      tableSubject(schema, name),
      declaration?.tenantColumn,
    ]),
  );
  return relations
    .flatMap((relation) =>
      relation.constraints.flatMap(({ name, columns, foreignTable }): Reference[] => {
        if (foreignTable === null) return [];
        const from = tableSubject(relation.schema, relation.name);
        const to = tableSubject(foreignTable.schema, foreignTable.name);
        if (!shown.has(from) || !shown.has(to)) return [];
        const [own, foreign] = [tenantColumns.get(from), tenantColumns.get(to)];
        const at = own === undefined ? -1 : columns.indexOf(own);
        const keepsTenant =
          own === undefined || foreign === undefined || foreignTable.columns[at] === foreign;
        return [{ from, to, constraint: name, columns, keepsTenant }];
      }),
    )
    .sort((one, other) => (`${one.from} ${one.constraint}` < `${other.from} ${other.constraint}` ? -1 : 1));
}
