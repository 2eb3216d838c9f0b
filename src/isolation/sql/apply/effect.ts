import type { Node } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState, TableState } from "../schema-state.js";
import { putTable, stateKey } from "../schema-state.js";
import type { QualifiedName } from "../syntax-names.js";

/** What a kind of statement does to the state. */
export type Effect<Kind> = (node: Kind, state: SchemaState, statement: ParsedStatement) => SchemaState;

/** The content of one kind of node. */
export type Content<Key extends string> =
  Extract<Node, Record<Key, unknown>> extends Record<Key, infer Value> ? Value : never;

/** A table that has nothing yet. */
export function newTable(
  state: SchemaState,
  name: QualifiedName,
  parts: Pick<TableState, "createdAt" | "origin">,
): TableState {
  return {
    id: state.nextId,
    ...name,
    ...parts,
    // Of a table that the folder never creates nothing is known: only what the folder takes away counts.
    rowSecurity: parts.createdAt === undefined,
    forced: parts.createdAt === undefined,
    rowSecurityAt: undefined,
    forcedAt: undefined,
    policies: new Map(),
    droppedPolicies: new Map(),
    grants: new Map(),
    triggers: new Set(),
    silencedTriggers: new Map(),
    columnRenames: [],
    keys: new Map(),
    nullable: new Set(),
  };
}

/** Adds a table under the next number. */
export function addTable(state: SchemaState, table: TableState): SchemaState {
  return putTable({ ...state, nextId: state.nextId + 1 }, table);
}

/** Changes a table; one that the folder has not created is taken to have been there before. */
export function changeTable(
  state: SchemaState,
  name: QualifiedName,
  change: (table: TableState) => TableState,
): SchemaState {
  const key = stateKey(name.schema, name.name);
  const known = state.tables.get(key);
  if (known !== undefined) return putTable(state, change(known));
  if (state.views.has(key) || name.name === "") return state;
  const stub = newTable(state, name, { createdAt: undefined, origin: { kind: "plain" } });
  return addTable(state, change(stub));
}
