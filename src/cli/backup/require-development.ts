import { TenantryError } from "../../core/errors.js";
import type { Context } from "../context.js";

/**
 * Refuses what is meant for development anywhere else.
 *
 * @throws TenantryError `production-refused` with what to use instead.
 */
export function requireDevelopment({ environment }: Context, command: "backup" | "restore"): void {
  if (environment === "development") return;
  throw new TenantryError({
    code: "production-refused",
    message: `tenantry ${command} is for development, and the environment is ${environment}.`,
    hint: "Nothing was touched. A file like this is as old as its day, and comes back as a whole or not at all: use point-in-time recovery there (continuous archiving, by your provider, pgBackRest or WAL-G).",
  });
}
