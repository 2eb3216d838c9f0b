import type { SchemaState } from "../schema-state.js";
import { putTable, withEntry } from "../schema-state.js";
import { firstSchema, relationName } from "../syntax-names.js";
import { addUniqueIndex } from "./add-constraint.js";
import type { Content, Effect } from "./effect.js";
import { changeTable } from "./effect.js";

/** CREATE UNIQUE INDEX; other indexes tell nobody anything. */
export const applyIndex: Effect<Content<"IndexStmt">> = (node, state, statement) =>
  node.unique === true
    ? changeTable(state, relationName(node.relation, state), (table) =>
        node.if_not_exists === true && table.keys.has(node.idxname ?? "")
          ? table
          : addUniqueIndex(table, node.idxname, node.indexParams, statement),
      )
    : state;

/** DROP INDEX, which does not name the table. */
export function dropIndex(state: SchemaState, parts: readonly string[]): SchemaState {
  return renameIndex(state, parts, undefined);
}

/** ALTER INDEX … RENAME TO; without a name it is dropped. A constraint is called like its index. */
export function renameIndex(
  state: SchemaState,
  parts: readonly string[],
  to: string | undefined,
): SchemaState {
  const from = parts.at(-1) ?? "";
  const schema = parts.at(-2) ?? firstSchema(state);
  const table = [...state.tables.values()].find((one) => one.schema === schema && one.keys.has(from));
  const key = table?.keys.get(from);
  if (table === undefined || key === undefined) return state;
  const without = withEntry(table.keys, from, undefined);
  const keys = to === undefined ? without : withEntry(without, to, { ...key, name: to });
  return putTable(state, { ...table, keys });
}
