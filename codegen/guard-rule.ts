import { messageOf } from "../src/core/errors.js";
import type { JudgedFinding } from "./judge-policies.js";

/** Runs a rule. One that fails has judged nothing, and that must not look as if all were well. */
export function guardRule(rule: string, check: () => readonly JudgedFinding[]): readonly JudgedFinding[] {
  try {
    return check();
  } catch (thrown) {
    return [
      {
        rule: "rule-failed",
        level: "error",
        subject: rule,
        detail: `the rule ${rule} failed, so nothing is known of what it checks: ${messageOf(thrown)}`,
        fix: "Report this as a bug in tenantry, with what it failed on.",
      },
    ];
  }
}
