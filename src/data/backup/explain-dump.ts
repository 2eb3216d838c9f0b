import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { engineError } from "../../migrate/run/engine-error.js";

/** What reading a database failed with, in words. */
export function explainDump(thrown: unknown): unknown {
  const code = codeOf(thrown) ?? "";
  if (code === "55P03") {
    return new TenantryError({
      code: "lock-timeout",
      message: "A table is locked by another session, a migration perhaps, for more than 60 s.",
      hint: "No file was left. Run it again when that has ended.",
      cause: thrown,
    });
  }
  if (code === "42501") {
    return new TenantryError({
      code: "role-insufficient",
      message: `The backup's role does not see all rows: ${messageOf(thrown)}.`,
      hint: "Nothing was written. Connect as a superuser, or as a role with BYPASSRLS that may read all tables.",
      cause: thrown,
    });
  }
  return engineError(thrown);
}
