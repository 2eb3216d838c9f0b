import { findFunctions } from "../find-functions.js";
import type { FunctionState } from "../schema-state.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** A SECURITY DEFINER function runs with its owner's rights: what it calls, and who may call it, must be nailed down. */
export const functionSecurityDefiner: SqlRule = {
  id: "function-security-definer",
  threats: [48, 49],
  check: (context) =>
    findFunctions(context, (made) => problemsOf(made).length > 0).map((made) => ({
      level: "error",
      subject: `${made.schema}.${made.name}`,
      ...placeOf(made.at),
      detail: `SECURITY DEFINER, and ${problemsOf(made).join(", and ")}`,
      fix: "Write set search_path = pg_catalog, pg_temp, name everything with its schema, and revoke execute from public in the same migration; or leave SECURITY DEFINER out.",
    })),
};

function problemsOf(made: FunctionState): string[] {
  if (!made.definer) return [];
  const path = made.searchPath;
  return [
    ...(path === undefined ? ["its search_path is the caller's"] : []),
    ...(path !== undefined && path.at(-1) !== "pg_temp"
      ? ["its search_path does not end in pg_temp, so that a temporary table comes first"]
      : []),
    // Nobody can call a trigger's function but through its trigger.
    ...(made.publicExecute && !made.isTrigger ? ["PUBLIC may execute it"] : []),
  ];
}
