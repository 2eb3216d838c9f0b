import type { FunctionState } from "./schema-state.js";
import type { SqlContext } from "./sql-rule.js";

/** The functions that a rule is about: at the end of all migrations, and after each commit that is still to be run. */
export function findFunctions(
  context: SqlContext,
  isAbout: (made: FunctionState) => boolean,
): FunctionState[] {
  const states = [
    context.final,
    ...context.units.filter(({ migration }) => migration.isNew).map(({ after }) => after),
  ];
  const found = new Map<object, FunctionState>();
  for (const state of states) {
    for (const made of state.functions.values()) if (isAbout(made)) found.set(made.at, made);
  }
  return [...found.values()];
}
