import { randomBytes } from "node:crypto";
import { onDatabase } from "../core/database-url.js";
import { quoteIdentifier } from "../core/identifiers.js";
import type { ConnectOptions, Database } from "./connect.js";
import { withDatabase } from "./connect.js";

/** A throw-away database on the shadow server. */
export type ShadowDatabase = { readonly url: URL; readonly database: Database };

/**
 * Runs a function with a new, empty database that is dropped afterwards, whatever happens.
 *
 * @param server the shadow server: a login there that may create databases and roles.
 * @throws TenantryError as `openDatabase`.
 */
export async function withShadowDatabase<T>(
  server: URL,
  connect: ConnectOptions,
  use: (shadow: ShadowDatabase) => Promise<T>,
): Promise<T> {
  return await withDatabase(server, connect, async (admin) => {
    const name = `tenantry_shadow_${process.pid}_${randomBytes(4).toString("hex")}`;
    await admin.unsafe(`create database ${quoteIdentifier(name)} template template0`);
    try {
      const url = onDatabase(server, name);
      return await withDatabase(url, { ...connect, applicationName: "tenantry shadow" }, (database) =>
        use({ url, database }),
      );
    } finally {
      await admin.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
    }
  });
}
