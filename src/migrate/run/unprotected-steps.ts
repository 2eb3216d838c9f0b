import { TenantryError } from "../../core/errors.js";
import { formatFinding } from "../../core/finding.js";
import type { Migration } from "../folder/migration.js";
import type { UnprotectedError } from "./audit-transaction.js";

/** The error of a migration whose steps leave something unprotected: those that are done stay. */
export function unprotectedSteps(
  { name, file }: Migration,
  { findings }: UnprotectedError,
  done: number,
): TenantryError {
  const subjects = [...new Set(findings.map(({ subject }) => subject))];
  return new TenantryError({
    code: "isolation",
    message: `Migration ${name} leaves ${subjects.join(", ")} unprotected.`,
    details: findings.map(formatFinding),
    hint: `${done === 0 ? "Nothing of it was applied." : `Its first ${done} statements are applied and stay, the rest was rolled back.`} Correct ${file} behind them, then run "tenantry migrate" again.`,
  });
}
