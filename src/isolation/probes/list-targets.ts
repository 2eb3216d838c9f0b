import type { Catalog } from "../../catalog/catalog.js";
import { tableSubject } from "../../catalog/facts.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Expected } from "../expected.js";
import type { ProbeTarget } from "./probe.js";
import type { NotProbed } from "./probe-report.js";
import type { Shapes } from "./table-shape.js";
import { shapeKey } from "./table-shape.js";

/** The tables to attack, and those of the code that cannot be. */
export function listTargets(
  expected: Expected,
  catalog: Catalog,
  shapes: Shapes,
): { readonly targets: readonly ProbeTarget[]; readonly missing: readonly NotProbed[] } {
  const targets: ProbeTarget[] = [];
  const missing: NotProbed[] = [];
  for (const table of expected.tables) {
    const subject = tableSubject(table.schema, table.name);
    const shape = shapes.tables.get(shapeKey(table.schema, table.name));
    const relation = catalog.relations.find(
      ({ schema, name }) => schema === table.schema && name === table.name,
    );
    const { declaration } = table;
    if (declaration === undefined) {
      const fix = "Add withTenantRls(t) to it, or globalTable(t, { reason }).";
      missing.push({ subject, reason: "the schema does not say whose its rows are", fix });
    } else if (shape === undefined || relation === undefined) {
      missing.push({ subject, reason: "the database does not have it", fix: 'Run "tenantry migrate".' });
    } else {
      const { tenantColumn } = declaration;
      const tenant = tenantColumn === undefined ? "null" : quoteIdentifier(tenantColumn);
      const place = qualify(table.schema, table.name);
      targets.push({ subject, place, shape, declaration, tenant });
    }
  }
  return { targets, missing };
}
