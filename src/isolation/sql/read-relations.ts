import { z } from "zod";
import type { SchemaState } from "./schema-state.js";
import { stateKey } from "./schema-state.js";
import type { QualifiedName } from "./syntax-names.js";
import { listedName } from "./syntax-names.js";
import { walkSyntax } from "./walk-syntax.js";

const rangeVar = z.object({ relname: z.string(), schemaname: z.string().optional() });
const commonTable = z.object({ ctename: z.string() });

/** The tables and views that a query names, without its own WITH queries. */
function readRelations(query: unknown, state: SchemaState): QualifiedName[] {
  const found: QualifiedName[] = [];
  const common = new Set<string>();
  walkSyntax(query, ({ kind, fields }) => {
    if (kind === "CommonTableExpr") {
      const parsed = commonTable.safeParse(fields);
      if (parsed.success) common.add(parsed.data.ctename);
    }
    if (kind === "RangeVar") {
      const parsed = rangeVar.safeParse(fields);
      if (parsed.success) {
        const { relname, schemaname } = parsed.data;
        found.push({ schema: schemaname ?? "", name: relname });
      }
    }
    return true;
  });
  return found
    .filter(({ schema, name }) => schema !== "" || !common.has(name))
    .map(({ schema, name }) => listedName(schema === "" ? [name] : [schema, name], state));
}

/** The numbers of the tables, and the keys of the views, that a query reads. Others are left out. */
export function resolveReads(query: unknown, state: SchemaState): (number | string)[] {
  return readRelations(query, state).flatMap(({ schema, name }): (number | string)[] => {
    const key = stateKey(schema, name);
    const table = state.tables.get(key);
    if (table !== undefined) return [table.id];
    return state.views.has(key) ? [key] : [];
  });
}
