import type { KeyState, SchemaState, TableState, ViewState } from "../schema-state.js";
import { putTable, stateKey, withEntry } from "../schema-state.js";
import type { QualifiedName } from "../syntax-names.js";
import { partsOf, relationName } from "../syntax-names.js";
import type { Content, Effect } from "./effect.js";
import { changeTable } from "./effect.js";
import { functionsNamed, moveFunction } from "./function-key.js";
import { renameIndex } from "./unique-index.js";

/** ALTER … RENAME TO, of tables, views, columns, policies, triggers, schemas and functions. */
export const applyRename: Effect<Content<"RenameStmt">> = (node, state) => {
  const to = node.newname ?? "";
  const from = node.subname ?? "";
  const name = relationName(node.relation, state);
  switch (node.renameType) {
    case "OBJECT_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_FOREIGN_TABLE":
      return moveRelation(state, name, { schema: name.schema, name: to });
    case "OBJECT_SCHEMA":
      return moveSchema(state, from, to);
    case "OBJECT_COLUMN":
      return renameColumn(state, name, from, to);
    case "OBJECT_TABCONSTRAINT":
      return changeTable(state, name, (table) => renameKey(table, from, to));
    case "OBJECT_INDEX":
      return renameIndex(
        state,
        node.relation?.schemaname === undefined ? [name.name] : [name.schema, name.name],
        to,
      );
    case "OBJECT_POLICY":
      return changeTable(state, name, (table) => renamePolicy(table, from, to));
    case "OBJECT_TRIGGER":
      return changeTable(state, name, (table) => renameTrigger(table, from, to));
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
      return functionsNamed(node.object, state).reduce(
        (so, [key]) => moveFunction(so, key, { name: to }),
        state,
      );
    default:
      return state;
  }
};

/** ALTER … SET SCHEMA. */
export const applySetSchema: Effect<Content<"AlterObjectSchemaStmt">> = (node, state) => {
  const schema = node.newschema ?? "";
  if (node.relation !== undefined) {
    const name = relationName(node.relation, state);
    return moveRelation(state, name, { schema, name: name.name });
  }
  if (node.object === undefined || !("ObjectWithArgs" in node.object)) return state;
  return functionsNamed(node.object, state).reduce((so, [key]) => moveFunction(so, key, { schema }), state);
};

/** DROP SCHEMA … CASCADE takes all that is in it. */
export function dropSchema(state: SchemaState, node: Parameters<typeof partsOf>[0]): SchemaState {
  const schema = partsOf(node).at(-1);
  const outside = <Value extends { readonly schema: string }>(map: ReadonlyMap<string, Value>) =>
    new Map([...map].filter(([, value]) => value.schema !== schema));
  return {
    ...state,
    tables: outside(state.tables),
    views: outside(state.views),
    functions: outside(state.functions),
  };
}

function moveRelation(state: SchemaState, from: QualifiedName, to: QualifiedName): SchemaState {
  const key = stateKey(from.schema, from.name);
  const view = state.views.get(key);
  if (view !== undefined) return moveView(state, key, { ...view, ...to });
  const known = changeTable(state, from, (table) => table);
  const table = known.tables.get(key);
  if (table === undefined) return state;
  return putTable({ ...known, tables: withEntry(known.tables, key, undefined) }, { ...table, ...to });
}

/** Views are known to each other by their keys. */
function moveView(state: SchemaState, key: string, moved: ViewState): SchemaState {
  const newKey = stateKey(moved.schema, moved.name);
  const views = new Map(withEntry(withEntry(state.views, key, undefined), newKey, moved));
  for (const [other, view] of views) {
    if (view.reads.includes(key)) {
      views.set(other, { ...view, reads: view.reads.map((read) => (read === key ? newKey : read)) });
    }
  }
  return { ...state, views };
}

function moveSchema(state: SchemaState, from: string, to: string): SchemaState {
  const tables = [...state.tables.values()].filter(({ schema }) => schema === from);
  const views = [...state.views.values()].filter(({ schema }) => schema === from);
  const functions = [...state.functions].filter(([, { schema }]) => schema === from);
  const moved = [...tables, ...views].reduce(
    (so, { name }) => moveRelation(so, { schema: from, name }, { schema: to, name }),
    state,
  );
  return functions.reduce((so, [key]) => moveFunction(so, key, { schema: to }), moved);
}

/** Keys follow the column, those of other tables that refer to it as well. */
function renameColumn(state: SchemaState, name: QualifiedName, from: string, to: string): SchemaState {
  const renamed = (column: string) => (column === from ? to : column);
  const changed = changeTable(state, name, (table) => ({
    ...table,
    columnRenames: [...table.columnRenames, { from, to }],
    nullable: new Set([...table.nullable].map(renamed)),
    keys: mapKeys(table.keys, (key) => ({
      ...key,
      columns: key.columns.map((column) => (column === undefined ? undefined : renamed(column))),
    })),
  }));
  const id = changed.tables.get(stateKey(name.schema, name.name))?.id;
  return [...changed.tables.values()].reduce((so, table) => {
    if (id === undefined || ![...table.keys.values()].some((key) => key.reference?.table === id)) return so;
    const keys = mapKeys(table.keys, (key) =>
      key.reference?.table === id
        ? { ...key, reference: { ...key.reference, columns: key.reference.columns.map(renamed) } }
        : key,
    );
    return putTable(so, { ...table, keys });
  }, changed);
}

function mapKeys(keys: TableState["keys"], change: (key: KeyState) => KeyState): TableState["keys"] {
  return new Map([...keys].map(([name, key]) => [name, change(key)]));
}

function renameKey(table: TableState, from: string, to: string): TableState {
  const key = table.keys.get(from);
  if (key === undefined) return table;
  return { ...table, keys: withEntry(withEntry(table.keys, from, undefined), to, { ...key, name: to }) };
}

function renamePolicy(table: TableState, from: string, to: string): TableState {
  const policy = table.policies.get(from);
  if (policy === undefined) return table;
  return {
    ...table,
    policies: withEntry(withEntry(table.policies, from, undefined), to, { ...policy, name: to }),
    droppedPolicies: withEntry(table.droppedPolicies, to, undefined),
  };
}

function renameTrigger(table: TableState, from: string, to: string): TableState {
  const triggers = new Set(table.triggers);
  if (!triggers.delete(from)) return table;
  return { ...table, triggers: triggers.add(to) };
}
