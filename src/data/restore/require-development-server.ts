import { describeTarget } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import type { Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { databaseExists } from "./database-exists.js";
import type { RestoreOptions } from "./restore-backup.js";

/**
 * Refuses to restore on a server of which nobody says that it is development's: a copy of everybody's rows beside production
 * is one too many. The database that the login names may be gone: it may be what is restored.
 *
 * @throws TenantryError `production-refused`; and as `readEnvironmentMark`.
 */
export async function requireDevelopmentServer(
  maintenance: Database,
  { url, connect, isDevelopment }: Pick<RestoreOptions, "url" | "connect" | "isDevelopment">,
): Promise<void> {
  const { database } = describeTarget(url);
  const mark = (await databaseExists(maintenance, database))
    ? await withDatabase(url, connect ?? {}, readEnvironmentMark)
    : undefined;
  if (mark === "development" || (mark === undefined && isDevelopment === true)) return;
  throw new TenantryError({
    code: "production-refused",
    message:
      mark === undefined
        ? `Nobody has said that this server is development's: neither TENANTRY_ENV nor --env, nor the mark of ${database}.`
        : `${database} is a ${mark} database, and backups are restored in development.`,
    hint: `Nothing was touched. ${mark === undefined ? "If it is, run it with --env development." : "Point DATABASE_URL at the development database, or use point-in-time recovery."}`,
  });
}
