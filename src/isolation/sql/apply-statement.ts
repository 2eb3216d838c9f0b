import { applyAlterTable } from "./apply/alter-table.js";
import {
  applyCreateForeignTable,
  applyCreateTable,
  applyCreateTableAs,
  applySelectInto,
} from "./apply/create-table.js";
import { applyDrop } from "./apply/drop.js";
import { changeTable } from "./apply/effect.js";
import { applyAlterFunction, applyCreateFunction } from "./apply/function.js";
import { applyGrant } from "./apply/grant.js";
import { applyAlterPolicy, applyCreatePolicy } from "./apply/policy.js";
import { applyRename, applySetSchema } from "./apply/rename.js";
import { applyView } from "./apply/view.js";
import type { ParsedStatement } from "./parse-migration.js";
import type { SchemaState } from "./schema-state.js";
import { withEntry } from "./schema-state.js";
import { readSettings } from "./set-settings.js";
import { relationName, roleNames } from "./syntax-names.js";

/** The state after a statement. What it does not know leaves the state as it is. */
export function applyStatement(state: SchemaState, statement: ParsedStatement): SchemaState {
  const { node } = statement;
  if ("CreateStmt" in node) return applyCreateTable(node.CreateStmt, state, statement);
  if ("CreateForeignTableStmt" in node) {
    return applyCreateForeignTable(node.CreateForeignTableStmt, state, statement);
  }
  if ("CreateTableAsStmt" in node) return applyCreateTableAs(node.CreateTableAsStmt, state, statement);
  if ("AlterTableStmt" in node) return applyAlterTable(node.AlterTableStmt, state, statement);
  if ("CreatePolicyStmt" in node) return applyCreatePolicy(node.CreatePolicyStmt, state, statement);
  if ("AlterPolicyStmt" in node) return applyAlterPolicy(node.AlterPolicyStmt, state, statement);
  if ("ViewStmt" in node) return applyView(node.ViewStmt, state, statement);
  if ("RenameStmt" in node) return applyRename(node.RenameStmt, state, statement);
  if ("AlterObjectSchemaStmt" in node) return applySetSchema(node.AlterObjectSchemaStmt, state, statement);
  if ("DropStmt" in node) return applyDrop(node.DropStmt, state, statement);
  if ("GrantStmt" in node) return applyGrant(node.GrantStmt, state, statement);
  if ("CreateFunctionStmt" in node) return applyCreateFunction(node.CreateFunctionStmt, state, statement);
  if ("AlterFunctionStmt" in node) return applyAlterFunction(node.AlterFunctionStmt, state, statement);
  if ("CreateTrigStmt" in node) return applyCreateTrigger(state, node.CreateTrigStmt);
  if ("AlterDefaultPrivilegesStmt" in node) return applyDefaults(state, node.AlterDefaultPrivilegesStmt);
  if ("SelectStmt" in node && node.SelectStmt.intoClause !== undefined) {
    return applySelectInto(node.SelectStmt, state, statement);
  }
  const path = readSettings(node).find(({ name }) => name === "search_path");
  return path === undefined ? state : { ...state, searchPath: firstSchema(path.value) };
}

type Node = ParsedStatement["node"];
type Of<Key extends string> = Extract<Node, Record<Key, unknown>>[Key &
  keyof Extract<Node, Record<Key, unknown>>];

function applyCreateTrigger(state: SchemaState, node: Of<"CreateTrigStmt">): SchemaState {
  const name = node.trigname ?? "";
  return changeTable(state, relationName(node.relation, state), (table) => ({
    ...table,
    triggers: new Set([...table.triggers, name]),
    silencedTriggers: withEntry(table.silencedTriggers, name, undefined),
  }));
}

/** ALTER DEFAULT PRIVILEGES REVOKE … ON FUNCTIONS FROM PUBLIC: functions made from then on are closed. */
function applyDefaults(state: SchemaState, node: Of<"AlterDefaultPrivilegesStmt">): SchemaState {
  const { action } = node;
  if (action?.objtype !== "OBJECT_FUNCTION" || !roleNames(action.grantees).includes("PUBLIC")) return state;
  return { ...state, functionsClosed: action.is_grant !== true };
}

function firstSchema(path: string): string {
  const first =
    path
      .split(",")[0]
      ?.trim()
      .replace(/^"(.*)"$/, "$1") ?? "";
  return first === "" || first === "default" ? "public" : first;
}
