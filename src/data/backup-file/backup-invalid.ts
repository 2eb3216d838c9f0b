import { basename } from "node:path";
import { TenantryError } from "../../core/errors.js";

/** The error of a file that is not, or no longer, a whole backup. */
export function backupInvalid(path: string, why: string, cause?: unknown): TenantryError {
  return new TenantryError({
    code: "backup-invalid",
    message: `${basename(path)} is not a whole backup: ${why.replace(/\.$/, "")}.`,
    hint: "Nothing was touched. Take another copy of the file, or another backup.",
    cause,
  });
}
