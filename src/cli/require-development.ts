import { TenantryError } from "../core/errors.js";
import type { Context } from "./context.js";

/**
 * Refuses a command that is meant for development anywhere else, before anything is looked at.
 *
 * @param instead what to do there, as a hint.
 * @throws TenantryError `production-refused`
 * @example requireDevelopment(context, "reset", "Nothing was touched. Drop the database by hand.");
 */
export function requireDevelopment({ environment }: Context, command: string, instead: string): void {
  if (environment === "development") return;
  throw new TenantryError({
    code: "production-refused",
    message: `tenantry ${command} is for development, and the environment is ${environment}.`,
    hint: instead,
  });
}
