import { codeOf, messageOf, TenantryError } from "../../core/errors.js";

/** The SQLSTATE of a right that is missing. */
const INSUFFICIENT = "42501";

/** True for a right that is missing. */
export function isForbidden(thrown: unknown): boolean {
  return codeOf(thrown) === INSUFFICIENT;
}

/**
 * Gives what is thrown on, but a missing right in words.
 *
 * @param what the login would do: `make a database`.
 * @param hint what gives it the right.
 */
export function explainForbidden(thrown: unknown, what: string, hint: string): unknown {
  if (!isForbidden(thrown)) return thrown;
  return new TenantryError({
    code: "role-insufficient",
    message: `This login may not ${what}: ${messageOf(thrown)}.`,
    hint: `Nothing was changed. ${hint}`,
    cause: thrown,
  });
}
