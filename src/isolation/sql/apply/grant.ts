import type { Node } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import type { FunctionState, Grants, SchemaState } from "../schema-state.js";
import { relationName, roleNames } from "../syntax-names.js";
import type { Content, Effect } from "./effect.js";
import { changeTable } from "./effect.js";
import { functionsNamed, putFunction } from "./function-key.js";

/** What ALL stands for on a table. */
const TABLE_PRIVILEGES = [
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "TRUNCATE",
  "REFERENCES",
  "TRIGGER",
  "MAINTAIN",
] as const;

/** GRANT and REVOKE on tables and functions. */
export const applyGrant: Effect<Content<"GrantStmt">> = (node, state, statement) => {
  if (node.objtype === "OBJECT_TABLE" && node.targtype === "ACL_TARGET_OBJECT") {
    return (node.objects ?? []).reduce((so, object) => grantOnTable(so, object, node, statement), state);
  }
  if (node.objtype === "OBJECT_TABLE" && node.is_grant !== true) return revokeInSchemas(state, node);
  if (["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"].includes(node.objtype ?? "")) {
    return grantOnFunctions(state, node);
  }
  return state;
};

/** The privileges that a statement names, in upper case; none named means all. */
export function privilegesOf(nodes: readonly Node[] | undefined): string[] {
  if (nodes === undefined) return [...TABLE_PRIVILEGES];
  return nodes.flatMap((node) =>
    "AccessPriv" in node ? [(node.AccessPriv.priv_name ?? "").toUpperCase()] : [],
  );
}

function grantOnTable(
  state: SchemaState,
  object: Node,
  node: Content<"GrantStmt">,
  statement: ParsedStatement,
): SchemaState {
  if (!("RangeVar" in object)) return state;
  return changeTable(state, relationName(object.RangeVar, state), (table) => ({
    ...table,
    grants: changeGrants(table.grants, node, statement),
  }));
}

function changeGrants(
  grants: Grants,
  node: Content<"GrantStmt">,
  statement: ParsedStatement | undefined,
): Grants {
  const changed = new Map(grants);
  for (const role of roleNames(node.grantees)) {
    const held = new Map(changed.get(role));
    for (const privilege of privilegesOf(node.privileges)) {
      if (node.is_grant !== true) {
        held.delete(privilege);
        held.delete(`${privilege}*`);
      } else if (statement !== undefined) {
        held.set(node.grant_option === true ? `${privilege}*` : privilege, statement);
      }
    }
    if (held.size === 0) changed.delete(role);
    else changed.set(role, held);
  }
  return changed;
}

/** REVOKE … ON ALL TABLES IN SCHEMA; the GRANT has a rule of its own. */
function revokeInSchemas(state: SchemaState, node: Content<"GrantStmt">): SchemaState {
  const schemas = (node.objects ?? []).flatMap((object) => ("String" in object ? [object.String.sval] : []));
  const tables = [...state.tables].map(([key, table]) => {
    const changed = schemas.includes(table.schema)
      ? { ...table, grants: changeGrants(table.grants, node, undefined) }
      : table;
    return [key, changed] as const;
  });
  return { ...state, tables: new Map(tables) };
}

function grantOnFunctions(state: SchemaState, node: Content<"GrantStmt">): SchemaState {
  const isGrant = node.is_grant === true;
  const grantees = roleNames(node.grantees);
  const change = (made: FunctionState): FunctionState => ({
    ...made,
    publicExecute: grantees.includes("PUBLIC") ? isGrant : made.publicExecute,
    executors: new Set(
      isGrant
        ? [...made.executors, ...grantees]
        : [...made.executors].filter((role) => !grantees.includes(role)),
    ),
  });
  const schemas = (node.objects ?? []).flatMap((object) => ("String" in object ? [object.String.sval] : []));
  const named =
    node.targtype === "ACL_TARGET_ALL_IN_SCHEMA"
      ? [...state.functions].filter(([, { schema }]) => schemas.includes(schema))
      : (node.objects ?? []).flatMap((object) => functionsNamed(object, state));
  return named.reduce((so, [, made]) => putFunction(so, change(made)), state);
}
