import { randomBytes } from "node:crypto";
import { onDatabase, parseDatabaseUrl } from "../core/database-url.js";
import { fitIdentifier, quoteIdentifier } from "../core/identifiers.js";
import type { Database } from "../postgres/connect.js";
import { openDatabase, withDatabase } from "../postgres/connect.js";

/** Where an empty database is made. */
export type EmptyDatabaseOptions = {
  /** A login that may create databases: a superuser, or one with CREATEDB. */
  readonly serverUrl: string | URL;
  /** The new database's name begins with it. Default `tenantry_test`. */
  readonly prefix?: string;
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

/**
 * Creates a database with nothing in it, for tests that bring it up themselves.
 *
 * @throws TenantryError as `openDatabase`.
 * @example
 * const database = await createEmptyDatabase({ serverUrl: "postgres://postgres@localhost" });
 * await database.admin`select 1`;
 * await database.drop();
 */
export async function createEmptyDatabase(options: EmptyDatabaseOptions): Promise<EmptyDatabase> {
  return await createDatabaseFrom(options, "template0");
}

/** The same as a copy of another database; nobody may be connected to that. */
export async function createDatabaseFrom(
  options: EmptyDatabaseOptions,
  template: string,
): Promise<EmptyDatabase> {
  const server = parseDatabaseUrl(String(options.serverUrl), "serverUrl");
  const name = fitIdentifier(
    options.prefix ?? "tenantry_test",
    `_${process.pid}_${randomBytes(6).toString("hex")}`,
  );
  const onServer = (sql: string) =>
    withDatabase(server, { urlName: "serverUrl" }, (database) => database.unsafe(sql));
  await onServer(`create database ${quoteIdentifier(name)} template ${quoteIdentifier(template)}`);
  const adminUrl = onDatabase(server, name);
  const admin = await openDatabase(adminUrl, { urlName: "serverUrl" });
  let dropped: Promise<void> | undefined;
  const drop = async () => {
    await admin.end({ timeout: 1 });
    await onServer(`drop database if exists ${quoteIdentifier(name)} with (force)`);
  };
  return {
    name,
    adminUrl,
    admin,
    drop: () => {
      dropped ??= drop();
      return dropped;
    },
  };
}
