import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import * as testing from "../../src/testing/index.js";

/** The test server, as superuser, on its maintenance database: roles and databases may be made there. */
export const serverUrl = inject("serverUrl");

/** This project's own migrations. */
export const migrationsFolder = fileURLToPath(new URL("../../drizzle", import.meta.url));

const created: testing.EmptyDatabase[] = [];

/**
 * A database with all migrations applied, `{ name, adminUrl, admin, serviceUrl, service, drop }`. It is dropped after
 * the test file, wherever in it this is called.
 */
export async function createTestDatabase(
  options: Partial<testing.TestDatabaseOptions> = {},
): Promise<testing.TestDatabase> {
  const database = await testing.createTestDatabase({ serverUrl, migrationsFolder, ...options });
  created.push(database);
  return database;
}

/** An empty database, `{ name, adminUrl, admin, drop }`, dropped after the test file. */
export async function createEmptyDatabase(): Promise<testing.EmptyDatabase> {
  const database = await testing.createEmptyDatabase({ serverUrl });
  created.push(database);
  return database;
}

/** Drops what this test file has created; the set-up file calls it. */
export async function dropDatabases(): Promise<void> {
  await Promise.all(created.splice(0).map((database) => database.drop()));
}
