import { TenantryError } from "../core/errors.js";

/**
 * Refuses an exception that nobody has given a reason for.
 *
 * @throws TenantryError `schema-invalid`
 */
export function requireReason(reason: string, what: string): void {
  if (reason.trim() !== "") return;
  throw new TenantryError({
    code: "schema-invalid",
    message: `No reason is given for ${what}.`,
    hint: 'Write why it is safe: { reason: "…" }. The reason is printed by the checks.',
  });
}
