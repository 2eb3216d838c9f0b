import type { PolicyAnalysis } from "../policy-analysis.js";

/** The same analysis, which answers what it has been asked before: a folder repeats few expressions many times. */
export function cachePolicyAnalysis(analysis: PolicyAnalysis): PolicyAnalysis {
  const answers = new Map<string, boolean>();
  return {
    ...analysis,
    isTenantBound(expression, table, column, type) {
      // What does not name the table means the same on every table.
      const about = expression.includes(table) ? table : "";
      const key = JSON.stringify([expression, about, column, type]);
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = analysis.isTenantBound(expression, table, column, type);
      answers.set(key, answer);
      return answer;
    },
  };
}
