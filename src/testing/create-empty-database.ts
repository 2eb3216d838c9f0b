import { onDatabase, parseDatabaseUrl } from "../core/database-url.js";
import { quoteIdentifier } from "../core/identifiers.js";
import type { Database } from "../postgres/connect.js";
import { openDatabase, withDatabase } from "../postgres/connect.js";
import { holdSweep, sweepDatabases } from "./cleanup/sweep-databases.js";
import { nameTestDatabase } from "./cleanup/test-database-name.js";

/** The beginning of the names of databases for tests, where nothing else is said. */
export const DEFAULT_PREFIX = "tenantry_test";

/** Where an empty database is made. */
export type EmptyDatabaseOptions = {
  /** A login that may create databases: a superuser, or one with CREATEDB. */
  readonly serverUrl: string | URL;
  /** The new database's name begins with it. Default `tenantry_test`. */
  readonly prefix?: string | undefined;
};

/** A database of one's own. */
export type EmptyDatabase = {
  readonly name: string;
  /** The server's login, on this database. */
  readonly adminUrl: URL;
  /** Connected by `adminUrl`, with one connection. */
  readonly admin: Database;
  /** Closes `admin` and drops the database, whoever else is connected. A second call does nothing. */
  readonly drop: () => Promise<void>;
};

/** Something that closes before its database is dropped, or goes after it. */
export type Companion = {
  readonly before?: () => Promise<unknown>;
  readonly after?: (server: Database) => Promise<unknown>;
};

/**
 * Creates a database with nothing in it, for tests that bring it up themselves. What dead processes have left under the
 * same prefix is dropped.
 *
 * @throws TenantryError as `openDatabase`.
 * @example
 * const database = await createEmptyDatabase({ serverUrl: "postgres://postgres@localhost" });
 * await database.admin`select 1`;
 * await database.drop();
 */
export async function createEmptyDatabase(options: EmptyDatabaseOptions): Promise<EmptyDatabase> {
  const server = parseDatabaseUrl(String(options.serverUrl), "serverUrl");
  return await createDatabaseFrom(server, options.prefix ?? DEFAULT_PREFIX, {
    chooseTemplate: async () => "template0",
    complete: async (database) => database,
  });
}

/** How a database is made that is more than empty. */
export type Making<T> = {
  /** The name of the database to copy; nobody may be connected to it. */
  readonly chooseTemplate: (server: Database) => Promise<string>;
  /** Adds what belongs to it; `with` tells what to do when it is dropped. If it throws, everything is dropped. */
  readonly complete: (
    database: EmptyDatabase,
    server: Database,
    companions: (companion: Companion) => void,
  ) => Promise<T>;
};

/** Makes a database as a copy of another, with one connection to the server for all that is done there. */
export async function createDatabaseFrom<T>(server: URL, prefix: string, making: Making<T>): Promise<T> {
  const connect = { urlName: "serverUrl", applicationName: "tenantry testing" };
  return await withDatabase(server, connect, async (onServer) => {
    await sweepDatabases(onServer, prefix);
    const template = await making.chooseTemplate(onServer);
    const name = nameTestDatabase(prefix);
    await holdSweep(onServer, prefix);
    await onServer.unsafe(`create database ${quoteIdentifier(name)} template ${quoteIdentifier(template)}`);
    const companions: Companion[] = [];
    const remove = async (session: Database) => {
      await Promise.all(companions.map(({ before }) => before?.()));
      await session.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
      for (const { after } of companions) await after?.(session);
    };
    try {
      const adminUrl = onDatabase(server, name);
      const admin = await openDatabase(adminUrl, { urlName: "serverUrl" });
      companions.push({ before: () => admin.end({ timeout: 1 }) });
      let dropped: Promise<void> | undefined;
      const drop = () => {
        dropped ??= withDatabase(server, connect, remove);
        return dropped;
      };
      const database = { name, adminUrl, admin, drop };
      return await making.complete(database, onServer, (companion) => void companions.push(companion));
    } catch (thrown) {
      await remove(onServer);
      throw thrown;
    }
  });
}
