import type { AlterTableCmd } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState, TableState } from "../schema-state.js";
import { stateKey, withEntry } from "../schema-state.js";
import type { QualifiedName } from "../syntax-names.js";
import { isOn, relationName, valueText } from "../syntax-names.js";
import { addColumn, addConstraint, withoutNull } from "./add-constraint.js";
import type { Content, Effect } from "./effect.js";
import { changeTable } from "./effect.js";

/** ALTER TABLE and ALTER VIEW. */
export const applyAlterTable: Effect<Content<"AlterTableStmt">> = (node, state, statement) => {
  const name = relationName(node.relation, state);
  const commands = (node.cmds ?? []).flatMap((cmd) => ("AlterTableCmd" in cmd ? [cmd.AlterTableCmd] : []));
  if (state.views.has(stateKey(name.schema, name.name))) {
    return commands.reduce((so, command) => alterView(so, name, command, statement), state);
  }
  return commands.reduce((so, command) => alterTable(so, name, command, statement), state);
};

function alterTable(
  state: SchemaState,
  name: QualifiedName,
  command: AlterTableCmd,
  statement: ParsedStatement,
): SchemaState {
  const change = (how: (table: TableState) => Partial<TableState>) =>
    changeTable(state, name, (table) => ({ ...table, ...how(table) }));
  // Of a trigger, a constraint or a column.
  const about = command.name ?? "";
  switch (command.subtype) {
    case "AT_EnableRowSecurity":
    case "AT_DisableRowSecurity":
      return change(() => ({
        rowSecurity: command.subtype === "AT_EnableRowSecurity",
        rowSecurityAt: statement,
      }));
    case "AT_ForceRowSecurity":
    case "AT_NoForceRowSecurity":
      return change(() => ({ forced: command.subtype === "AT_ForceRowSecurity", forcedAt: statement }));
    case "AT_DisableTrig":
    case "AT_EnableReplicaTrig":
      return change((table) => ({
        silencedTriggers: withEntry(table.silencedTriggers, about, statement),
      }));
    case "AT_DisableTrigAll":
    case "AT_DisableTrigUser":
      return change((table) => ({ silencedTriggers: withEntry(table.silencedTriggers, "*", statement) }));
    case "AT_EnableTrig":
    case "AT_EnableAlwaysTrig":
      return change((table) => ({
        silencedTriggers: withEntry(table.silencedTriggers, about, undefined),
      }));
    case "AT_EnableTrigAll":
    case "AT_EnableTrigUser":
      return change((table) => ({ silencedTriggers: keepDropped(table) }));
    case "AT_AddConstraint":
      return changeTable(state, name, (table) =>
        command.def !== undefined && "Constraint" in command.def
          ? addConstraint(table, command.def.Constraint, undefined, state, statement)
          : table,
      );
    case "AT_DropConstraint":
      return change((table) => ({ keys: withEntry(table.keys, about, undefined) }));
    case "AT_AddColumn":
      return changeTable(state, name, (table) =>
        command.def !== undefined && "ColumnDef" in command.def
          ? addColumn(table, command.def.ColumnDef, state, statement)
          : table,
      );
    case "AT_DropColumn":
      return change((table) => ({
        keys: new Map([...table.keys].filter(([, { columns }]) => !columns.includes(about))),
      }));
    case "AT_SetNotNull":
      return changeTable(state, name, (table) => withoutNull(table, [about]));
    case "AT_DropNotNull":
      return change((table) => ({ nullable: new Set([...table.nullable, about]) }));
    case "AT_AttachPartition":
      return attach(state, name, command, statement);
    case "AT_AddInherit":
      return inherit(state, name, command, statement);
    case "AT_DropInherit":
      return change(() => ({ origin: { kind: "plain" } }));
    case "AT_DetachPartition":
      return detach(state, command);
    default:
      return state;
  }
}

/** Enabling all triggers brings none back that has been dropped. */
function keepDropped(table: TableState): ReadonlyMap<string, ParsedStatement> {
  return new Map([...table.silencedTriggers].filter(([name]) => name !== "*" && !table.triggers.has(name)));
}

function attach(
  state: SchemaState,
  parent: QualifiedName,
  command: AlterTableCmd,
  statement: ParsedStatement,
): SchemaState {
  const def = command.def;
  if (def === undefined || !("PartitionCmd" in def)) return state;
  return adopt(state, parent, relationName(def.PartitionCmd.name, state), statement);
}

function inherit(
  state: SchemaState,
  child: QualifiedName,
  command: AlterTableCmd,
  statement: ParsedStatement,
): SchemaState {
  const def = command.def;
  if (def === undefined || !("RangeVar" in def)) return state;
  return adopt(state, relationName(def.RangeVar, state), child, statement);
}

function adopt(
  state: SchemaState,
  parent: QualifiedName,
  child: QualifiedName,
  statement: ParsedStatement,
): SchemaState {
  // A parent that the folder does not create is a table all the same.
  const known = changeTable(state, parent, (table) => table);
  const id = known.tables.get(stateKey(parent.schema, parent.name))?.id;
  if (id === undefined) return state;
  return changeTable(known, child, (table) => ({
    ...table,
    origin: { kind: "child", of: [id], at: statement },
  }));
}

/** The part becomes a table of its own, which keeps what it has, and is now a copy of what it was part of. */
function detach(state: SchemaState, { def }: AlterTableCmd): SchemaState {
  if (def === undefined || !("PartitionCmd" in def)) return state;
  return changeTable(state, relationName(def.PartitionCmd.name, state), (table) =>
    table.origin.kind === "child" ? { ...table, origin: { ...table.origin, kind: "copy" } } : table,
  );
}

function alterView(
  state: SchemaState,
  { schema, name }: QualifiedName,
  command: AlterTableCmd,
  statement: ParsedStatement,
): SchemaState {
  const key = stateKey(schema, name);
  const view = state.views.get(key);
  const def = command.def;
  if (view === undefined || def === undefined || !("List" in def)) return state;
  const resets = command.subtype === "AT_ResetRelOptions";
  const options = (def.List.items ?? []).flatMap((item) => ("DefElem" in item ? [item.DefElem] : []));
  const invoker = options.find((option) => option.defname === "security_invoker");
  if (invoker === undefined) return state;
  const securityInvoker = !resets && isOn(valueText(invoker.arg));
  return { ...state, views: withEntry(state.views, key, { ...view, securityInvoker, at: statement }) };
}
