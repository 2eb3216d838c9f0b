import { TenantryError } from "../../core/errors.js";
import type { TenantColumnType } from "../../core/tenancy-settings.js";
import type { AsOptions, TenantId } from "../tenant/tenant-id-input.js";

/** Who works on rows of all tenants, and why. Both are written down before the work begins. */
export type AdminWork<Type extends TenantColumnType = "uuid"> = Omit<AsOptions, "actor"> & {
  /** The person or job: at most 200 characters. */
  readonly actor: string;
  /** Why it must be done: at most 1,000 characters. */
  readonly reason: string;
  /** The tenant that the work is about: the row about it is in this tenant's log. Default: nobody's, which operators see. */
  readonly tenant?: TenantId<Type>;
};

const LONGEST_REASON = 1000;

/**
 * Refuses work that nobody answers for.
 *
 * @throws TenantryError `argument-invalid`
 */
export function requireAnswerable(work: { readonly actor?: unknown; readonly reason?: unknown }): void {
  const { actor, reason } = work ?? {};
  const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";
  if (isText(actor) && isText(reason) && reason.length <= LONGEST_REASON && !reason.includes("\0")) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: "db.asAdmin() was called without an actor, or without a reason of at most 1,000 characters.",
    hint: 'Say who does it and why: db.asAdmin({ actor: "ann@example.com", reason: "ticket 4711" }, async (tx) => …).',
  });
}
