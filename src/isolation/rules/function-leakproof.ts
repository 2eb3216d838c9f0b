import type { CatalogRule } from "../rule.js";

/** PostgreSQL runs what is marked LEAKPROOF on rows that the policy has not yet let through. */
export const functionLeakproof: CatalogRule = {
  id: "function-leakproof",
  threats: [54],
  check: ({ catalog }) =>
    catalog.around.functions
      .filter(({ leakproof }) => leakproof)
      .map(({ schema, name, arguments: parameters }) => ({
        level: "error",
        subject: `${schema}.${name}`,
        detail: "LEAKPROOF lets it see rows before the policy has judged them",
        fix: `alter function ${schema}.${name}(${parameters}) not leakproof;`,
      })),
};
