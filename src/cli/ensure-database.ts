import { describeTarget, onDatabase } from "../core/database-url.js";
import { codeOf, TenantryError } from "../core/errors.js";
import { quoteIdentifier } from "../core/identifiers.js";
import { withDatabase } from "../postgres/connect.js";
import type { Context } from "./context.js";
import type { Target } from "./target.js";

/** Every server has it; it is where one connects to make another. */
const MAINTENANCE_DATABASE = "postgres";

/**
 * Makes the target's database if it is missing, in development; elsewhere somebody has to decide about its owner, place
 * and encoding.
 *
 * @throws TenantryError `database-missing` elsewhere, and as `openDatabase`.
 */
export async function ensureDatabase(context: Context, target: Target): Promise<void> {
  try {
    await withDatabase(target.url, target.connect, async () => {});
  } catch (thrown) {
    if (!(thrown instanceof TenantryError) || thrown.code !== "database-missing") throw thrown;
    const { database } = describeTarget(target.url);
    if (context.environment !== "development") {
      const { code, message, cause } = thrown;
      const hint = `Create it (createdb ${database}), or correct ${context.databaseUrlName}. tenantry makes databases in development only.`;
      throw new TenantryError({ code, message, hint, cause });
    }
    context.logger.info(`creating database ${database}`);
    await withDatabase(onDatabase(target.url, MAINTENANCE_DATABASE), target.connect, async (maintenance) => {
      try {
        await maintenance.unsafe(`create database ${quoteIdentifier(database)}`);
      } catch (failure) {
        // 42P04: another command made it at the same moment.
        if (codeOf(failure) !== "42P04" && codeOf(failure) !== "23505") throw failure;
      }
    });
  }
}
