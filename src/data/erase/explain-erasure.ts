import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { Expected } from "../../isolation/expected.js";

/** Somebody was writing at the same time: serialization failure, deadlock, a key that was violated by a row not seen before. */
const TRANSIENT: readonly string[] = ["40001", "40P01", "23503"];

/** True for a failure that another try may not have. */
export function isTransient(thrown: unknown): boolean {
  return TRANSIENT.includes(codeOf(thrown) ?? "");
}

/** What the server has refused, in our words; what is none of that is returned as it is. */
export function explainErasure(thrown: unknown, { expected }: { readonly expected: Expected }): unknown {
  if (thrown instanceof TenantryError) return thrown;
  const { admin } = expected.settings.roles;
  const parts = (() => {
    switch (codeOf(thrown)) {
      case "42501":
      case "22023":
        return {
          code: "role-insufficient",
          message: `The login may not do this: ${messageOf(thrown)}.`,
          hint: `Nothing was changed. Run it as the migrator, who owns the tables and may act as ${admin}: grant ${quoteIdentifier(admin)} to the login.`,
        } as const;
      case "55P03":
        return {
          code: "lock-timeout",
          message: "Rows of the creator are locked by somebody else.",
          hint: "Nothing was changed. Run it again when their transaction has ended; pg_stat_activity shows it.",
        } as const;
      case "40001":
      case "40P01":
        return {
          code: "lock-timeout",
          message: "Somebody goes on writing rows of this creator.",
          hint: "Nothing was changed. Suspend the creator, so that services write nothing for it, and run it again.",
        } as const;
      case "23503":
        return {
          code: "foreign-key-violation",
          message: `A foreign key stands in the way: ${messageOf(thrown)}.`,
          hint: "Nothing was changed. Suspend the creator, so that services write nothing for it, and run it again.",
        } as const;
      default:
        return undefined;
    }
  })();
  return parts === undefined ? thrown : new TenantryError({ ...parts, cause: thrown });
}
