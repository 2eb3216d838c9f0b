import type { Node } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState } from "../schema-state.js";
import { stateKey, withEntry } from "../schema-state.js";
import { listedName, partsOf } from "../syntax-names.js";
import type { Content, Effect } from "./effect.js";
import { changeTable } from "./effect.js";
import { functionsNamed, removeFunction } from "./function-key.js";
import { dropSchema } from "./rename.js";
import { dropIndex } from "./unique-index.js";

/** DROP of whatever the state knows. */
export const applyDrop: Effect<Content<"DropStmt">> = (node, state, statement) =>
  (node.objects ?? []).reduce((so, object) => dropOne(so, object, node.removeType, statement), state);

function dropOne(
  state: SchemaState,
  object: Node,
  type: Content<"DropStmt">["removeType"],
  statement: ParsedStatement,
): SchemaState {
  const parts = partsOf(object);
  switch (type) {
    case "OBJECT_TABLE":
    case "OBJECT_FOREIGN_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW": {
      const { schema, name } = listedName(parts, state);
      const key = stateKey(schema, name);
      if (schema === "pg_temp") {
        return { ...state, temporaries: new Set([...state.temporaries].filter((one) => one !== name)) };
      }
      return {
        ...state,
        tables: withEntry(state.tables, key, undefined),
        views: withEntry(state.views, key, undefined),
      };
    }
    case "OBJECT_POLICY":
      return dropPolicy(state, parts, statement);
    case "OBJECT_TRIGGER":
      return dropTrigger(state, parts, statement);
    case "OBJECT_INDEX":
      return dropIndex(state, parts);
    case "OBJECT_SCHEMA":
      return dropSchema(state, object);
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
      return functionsNamed(object, state).reduce((so, [key]) => removeFunction(so, key), state);
    default:
      return state;
  }
}

/** The last part is the policy's name. One that is not there, of `drop policy if exists`, is no loss. */
function dropPolicy(state: SchemaState, parts: readonly string[], statement: ParsedStatement): SchemaState {
  const policy = parts.at(-1) ?? "";
  return changeTable(state, listedName(parts.slice(0, -1), state), (table) => {
    if (!table.policies.has(policy) && table.createdAt !== undefined) return table;
    return {
      ...table,
      policies: withEntry(table.policies, policy, undefined),
      droppedPolicies: withEntry(table.droppedPolicies, policy, statement),
    };
  });
}

function dropTrigger(state: SchemaState, parts: readonly string[], statement: ParsedStatement): SchemaState {
  const trigger = parts.at(-1) ?? "";
  return changeTable(state, listedName(parts.slice(0, -1), state), (table) => {
    if (!table.triggers.has(trigger) && table.createdAt !== undefined) return table;
    return {
      ...table,
      triggers: new Set([...table.triggers].filter((name) => name !== trigger)),
      silencedTriggers: withEntry(table.silencedTriggers, trigger, statement),
    };
  });
}
