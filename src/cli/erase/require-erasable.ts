import { TenantryError } from "../../core/errors.js";
import { readEnvironmentMark, requireEnvironment } from "../../migrate/run/environment-mark.js";
import type { Database } from "../../postgres/connect.js";
import type { Context } from "../context.js";
import type { Target } from "../target.js";

/**
 * Refuses to delete or replace a creator's rows where nobody has said which database this is, or nobody says why.
 *
 * @throws TenantryError `production-refused`, `argument-invalid`
 */
export async function requireErasable(
  context: Context,
  target: Target,
  database: Database,
  /** Undefined where nobody has said why; `what` says what it is that wants a reason. */
  why: { readonly reason: string | undefined; readonly what: "erased" | "restored" },
): Promise<void> {
  const { reason, what } = why;
  const mark = await readEnvironmentMark(database);
  requireEnvironment(mark, context.environment);
  if (mark === undefined && !target.embedded && !context.isEnvironmentNamed) {
    throw new TenantryError({
      code: "production-refused",
      message: "Nobody has said whose database this is: neither --env nor TENANTRY_ENV, nor its own mark.",
      hint: "Nothing was changed. Name it: --env production.",
    });
  }
  if (context.environment === "development" || reason !== undefined) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: `Why is a creator to be ${what} in ${context.environment}?`,
    hint: 'Say it with --reason, such as --reason "request 4711": it stands in the audit log.',
  });
}
