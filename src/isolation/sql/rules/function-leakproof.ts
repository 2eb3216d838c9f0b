import { findFunctions } from "../find-functions.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** PostgreSQL runs what is marked LEAKPROOF on rows that the policy has not yet let through. */
export const functionLeakproof: SqlRule = {
  id: "function-leakproof",
  threats: [54],
  check: (context) =>
    findFunctions(context, ({ leakproof }) => leakproof).map((made) => ({
      level: "error",
      subject: `${made.schema}.${made.name}`,
      ...placeOf(made.at),
      detail: "LEAKPROOF lets it see rows before the policy has judged them",
      fix: "Leave LEAKPROOF out; if it is true that nothing about its arguments gets out, say so in a suppression.",
    })),
};
