import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { applyAlterTable } from "./apply/alter-table.js";
import {
  applyCreateForeignTable,
  applyCreateTable,
  applyCreateTableAs,
  applySelectInto,
} from "./apply/create-table.js";
import { applyDrop } from "./apply/drop.js";
import { applyDropOwned } from "./apply/drop-owned.js";
import { changeTable } from "./apply/effect.js";
import { applyAlterFunction, applyCreateFunction, applyFunctionOwner } from "./apply/function.js";
import { applyGrant } from "./apply/grant.js";
import { applyAlterPolicy, applyCreatePolicy } from "./apply/policy.js";
import { applyRename, applySetSchema } from "./apply/rename.js";
import { applyIndex } from "./apply/unique-index.js";
import { applyView } from "./apply/view.js";
import type { ParsedStatement } from "./parse-migration.js";
import type { SchemaState } from "./schema-state.js";
import { withEntry } from "./schema-state.js";
import { applySearchPath } from "./search-path.js";
import { relationName, roleName, roleNames, stringsOf } from "./syntax-names.js";

/** The state after a statement. What it does not know leaves the state as it is. */
export function applyStatement(state: SchemaState, statement: ParsedStatement): SchemaState {
  const { node } = statement;
  if ("CreateStmt" in node) return applyCreateTable(node.CreateStmt, state, statement);
  if ("CreateForeignTableStmt" in node) {
    return applyCreateForeignTable(node.CreateForeignTableStmt, state, statement);
  }
  if ("CreateTableAsStmt" in node) return applyCreateTableAs(node.CreateTableAsStmt, state, statement);
  if ("AlterTableStmt" in node) return applyAlterTable(node.AlterTableStmt, state, statement);
  if ("IndexStmt" in node) return applyIndex(node.IndexStmt, state, statement);
  if ("CreatePolicyStmt" in node) return applyCreatePolicy(node.CreatePolicyStmt, state, statement);
  if ("AlterPolicyStmt" in node) return applyAlterPolicy(node.AlterPolicyStmt, state, statement);
  if ("ViewStmt" in node) return applyView(node.ViewStmt, state, statement);
  if ("RenameStmt" in node) return applyRename(node.RenameStmt, state, statement);
  if ("AlterObjectSchemaStmt" in node) return applySetSchema(node.AlterObjectSchemaStmt, state, statement);
  if ("DropStmt" in node) return applyDrop(node.DropStmt, state, statement);
  if ("GrantStmt" in node) return applyGrant(node.GrantStmt, state, statement);
  if ("CreateFunctionStmt" in node) return applyCreateFunction(node.CreateFunctionStmt, state, statement);
  if ("AlterFunctionStmt" in node) return applyAlterFunction(node.AlterFunctionStmt, state, statement);
  if ("AlterOwnerStmt" in node) return applyFunctionOwner(node.AlterOwnerStmt, state, statement);
  if ("DropOwnedStmt" in node) return applyDropOwned(node.DropOwnedStmt, state, statement);
  if ("CreateTrigStmt" in node) return applyCreateTrigger(state, node.CreateTrigStmt, statement);
  if ("AlterDefaultPrivilegesStmt" in node) return applyDefaults(state, node.AlterDefaultPrivilegesStmt);
  if ("SelectStmt" in node && node.SelectStmt.intoClause !== undefined) {
    return applySelectInto(node.SelectStmt, state, statement);
  }
  if ("CreateSchemaStmt" in node) return applyCreateSchema(state, node.CreateSchemaStmt);
  return applySearchPath(state, statement);
}

type Node = ParsedStatement["node"];
type Of<Key extends string> = Extract<Node, Record<Key, unknown>>[Key &
  keyof Extract<Node, Record<Key, unknown>>];

function applyCreateTrigger(
  state: SchemaState,
  node: Of<"CreateTrigStmt">,
  statement: ParsedStatement,
): SchemaState {
  const name = node.trigname ?? "";
  // Under the engine's name but with another function, or only sometimes: then it is as good as not there.
  const isEngines = name.startsWith(`${ENGINE_SCHEMA}_`);
  const [schema] = stringsOf(node.funcname);
  const isSilent =
    isEngines && (schema !== ENGINE_SCHEMA || node.whenClause !== undefined || node.row !== true);
  return changeTable(state, relationName(node.relation, state), (table) => ({
    ...table,
    triggers: new Set([...table.triggers, name]),
    silencedTriggers: withEntry(table.silencedTriggers, name, isSilent ? statement : undefined),
  }));
}

/** ALTER DEFAULT PRIVILEGES REVOKE … ON FUNCTIONS FROM PUBLIC: functions made from then on are closed. */
function applyDefaults(state: SchemaState, node: Of<"AlterDefaultPrivilegesStmt">): SchemaState {
  const { action } = node;
  if (action?.objtype !== "OBJECT_FUNCTION" || !roleNames(action.grantees).includes("PUBLIC")) return state;
  return { ...state, functionsClosed: action.is_grant !== true };
}

function applyCreateSchema(
  state: SchemaState,
  { schemaname, authrole }: Of<"CreateSchemaStmt">,
): SchemaState {
  return { ...state, schemas: new Set([...state.schemas, schemaname ?? roleName(authrole)]) };
}
