import type { ParsedStatement } from "./parse-migration.js";
import type { SchemaState } from "./schema-state.js";
import { EMPTY_STATE } from "./schema-state.js";
import { readSettings } from "./set-settings.js";

/** The state after what a statement does to the search path, be it for the transaction or for the session. */
export function applySearchPath(state: SchemaState, { node }: ParsedStatement): SchemaState {
  if ("TransactionStmt" in node && node.TransactionStmt.kind === "TRANS_STMT_COMMIT") {
    return { ...state, searchPath: state.sessionPath };
  }
  let after = state;
  for (const { name, values, scope } of readSettings(node)) {
    if ((name !== "search_path" && name !== "*") || scope === "stored") continue;
    const searchPath = name === "*" ? EMPTY_STATE.searchPath : readPath(values);
    after = { ...after, searchPath, ...(scope === "session" ? { sessionPath: searchPath } : {}) };
  }
  return after;
}

/** Without what no table of a service stands in: the system's own schemas, and the one that is called like the role. */
function readPath(values: readonly string[]): readonly string[] {
  const schemas = values.filter((schema) => schema !== "" && schema !== "$user" && !schema.startsWith("pg_"));
  // An empty path finds nothing. What is named without a schema is then an error of the migration, not of isolation.
  return schemas.length === 0 || schemas[0] === "default" ? EMPTY_STATE.searchPath : schemas;
}
