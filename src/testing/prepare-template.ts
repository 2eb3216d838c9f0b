import { createHash, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { onDatabase, parseDatabaseUrl } from "../core/database-url.js";
import { codeOf } from "../core/errors.js";
import { quoteIdentifier } from "../core/identifiers.js";
import { parseTenancySettings } from "../core/tenancy-settings.js";
import type { Migration } from "../migrate/folder/migration.js";
import { readFolder } from "../migrate/folder/read-folder.js";
import type { LedgerPlace } from "../migrate/ledger/ledger.js";
import { DEFAULT_LEDGER } from "../migrate/ledger/ledger.js";
import { applyMigrations } from "../migrate/run/apply-migrations.js";
import type { Database, Session } from "../postgres/connect.js";
import { withDatabase } from "../postgres/connect.js";

/** What a template is made from. */
export type TemplateOptions = {
  /** A login that may create databases and roles: a superuser, on a server for tests. */
  readonly serverUrl: string | URL;
  /** The folder with the project's migrations. */
  readonly migrationsFolder: string;
  /** Where drizzle-orm keeps its ledger, if not at its default place. */
  readonly ledger?: LedgerPlace;
  /** The admin role of the project's tenancy. Default `app_admin`. */
  readonly adminRole?: string;
};

/**
 * Makes sure that the server has a database with all migrations applied, to be copied: once for each state of the
 * folder, however many processes ask for it at once. Those of earlier states of this folder are dropped.
 *
 * @returns its name.
 * @throws TenantryError as `readFolder`, `applyMigrations` and `openDatabase`.
 */
export async function prepareTemplate(options: TemplateOptions): Promise<string> {
  const server = parseDatabaseUrl(String(options.serverUrl), "serverUrl");
  const migrations = await readFolder(options.migrationsFolder);
  const prefix = templatePrefix(options.migrationsFolder);
  const name = `${prefix}${digest(migrations.map(({ name, hash }) => `${name} ${hash}`).join("\n"))}`;
  await withDatabase(server, { urlName: "serverUrl" }, async (database) => {
    if (await exists(database, name)) return;
    // Released when the connection closes, also by a process that dies.
    await database`select pg_advisory_lock(hashtextextended(${prefix}, 0))`;
    if (await exists(database, name)) return;
    await dropEarlier(database, prefix);
    await build(database, server, name, migrations, options);
  });
  return name;
}

/** Drops the templates of a migrations folder, where the server is to be left as it was. */
export async function dropTemplates(
  options: Pick<TemplateOptions, "serverUrl" | "migrationsFolder">,
): Promise<void> {
  const server = parseDatabaseUrl(String(options.serverUrl), "serverUrl");
  await withDatabase(server, { urlName: "serverUrl" }, (database) =>
    dropEarlier(database, templatePrefix(options.migrationsFolder)),
  );
}

/** Built under another name: what bears the template's name is complete. */
async function build(
  database: Database,
  server: URL,
  name: string,
  folder: readonly Migration[],
  options: TemplateOptions,
): Promise<void> {
  const draft = `${name}_${randomBytes(4).toString("hex")}`;
  await database.unsafe(`create database ${quoteIdentifier(draft)} template template0`);
  try {
    await applyMigrations({
      url: onDatabase(server, draft),
      folder,
      ledger: options.ledger ?? DEFAULT_LEDGER,
      adminRole: options.adminRole ?? parseTenancySettings({}).roles.admin,
    });
    await disconnectAll(database, draft);
    await database.unsafe(`alter database ${quoteIdentifier(draft)} with allow_connections false`);
    await database.unsafe(`alter database ${quoteIdentifier(draft)} rename to ${quoteIdentifier(name)}`);
  } catch (thrown) {
    await database.unsafe(`drop database if exists ${quoteIdentifier(draft)} with (force)`);
    throw thrown;
  }
}

/** A closed connection's backend may take a moment to end, and a database cannot be renamed or copied meanwhile. */
async function disconnectAll(session: Session, name: string): Promise<void> {
  await session`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = ${name}`;
}

async function dropEarlier(database: Database, prefix: string): Promise<void> {
  const earlier = await database<{ name: string }[]>`
    select datname as name from pg_database where starts_with(datname, ${prefix})`;
  for (const { name } of earlier) {
    try {
      await database.unsafe(`drop database if exists ${quoteIdentifier(name)}`);
    } catch (thrown) {
      // 55006: somebody is copying it right now, or still building it.
      if (codeOf(thrown) !== "55006") throw thrown;
    }
  }
}

async function exists(session: Session, name: string): Promise<boolean> {
  return (await session`select from pg_database where datname = ${name}`).length > 0;
}

/** Two checkouts may share a server: their templates differ by where the folder is. */
function templatePrefix(migrationsFolder: string): string {
  return `tenantry_template_${digest(resolve(migrationsFolder))}_`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
