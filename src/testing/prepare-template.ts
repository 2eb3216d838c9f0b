import { createHash, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { onDatabase, parseDatabaseUrl } from "../core/database-url.js";
import { codeOf } from "../core/errors.js";
import { quoteIdentifier } from "../core/identifiers.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { parseTenancySettings } from "../core/tenancy-settings.js";
import type { Migration } from "../migrate/folder/migration.js";
import { readFolder } from "../migrate/folder/read-folder.js";
import type { LedgerPlace } from "../migrate/ledger/ledger.js";
import { DEFAULT_LEDGER } from "../migrate/ledger/ledger.js";
import type { Database, Session } from "../postgres/connect.js";
import { withDatabase } from "../postgres/connect.js";
import { endSessions } from "../postgres/end-sessions.js";

/** What a template is made from. */
export type TemplateOptions = {
  /** A login that may create databases and roles: a superuser, on a server for tests. */
  readonly serverUrl: string | URL;
  /** The folder with the project's migrations. */
  readonly migrationsFolder: string;
  /** Where drizzle-orm keeps its ledger, if not at its default place. */
  readonly ledger?: LedgerPlace | undefined;
  /** The tenancy of the project, as its `drizzle.config.ts` exports it. Default `defineTenancy()`. */
  readonly tenancy?: { readonly settings: TenancySettings } | undefined;
  /** Rows that each copy begins with. */
  readonly contents?: TemplateContents | undefined;
};

/** What a template holds besides the migrations. */
export type TemplateContents = {
  /** Templates of another kind are not replaced. Letters. */
  readonly kind: string;
  /** Differs where the rows differ. */
  readonly key: string;
  /** Fills the migrated database, once. */
  readonly fill: (url: URL) => Promise<void>;
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
  return await withDatabase(server, { urlName: "serverUrl" }, (database) =>
    ensureTemplate(database, server, options),
  );
}

/** The same on a connection that is open, which then keeps the lock: two that want to build it do it once. */
export async function ensureTemplate(
  database: Database,
  server: URL,
  options: Omit<TemplateOptions, "serverUrl">,
): Promise<string> {
  const migrations = await readFolder(options.migrationsFolder);
  const { kind, key } = options.contents ?? { kind: "bare", key: "" };
  const prefix = `${templateFamily(options.migrationsFolder)}${kind}_`;
  const name = `${prefix}${digest([key, ...migrations.map(({ name, hash }) => `${name} ${hash}`)].join("\n"))}`;
  if (await exists(database, name)) return name;
  await database`select pg_advisory_lock(hashtextextended(${prefix}, 0))`;
  try {
    if (await exists(database, name)) return name;
    await dropEarlier(database, prefix);
    await build(database, server, name, migrations, options);
    return name;
  } finally {
    await database`select pg_advisory_unlock(hashtextextended(${prefix}, 0))`;
  }
}

/** Drops the templates of a migrations folder, where the server is to be left as it was. */
export async function dropTemplates(
  options: Pick<TemplateOptions, "serverUrl" | "migrationsFolder">,
): Promise<void> {
  const server = parseDatabaseUrl(String(options.serverUrl), "serverUrl");
  await withDatabase(server, { urlName: "serverUrl" }, (database) =>
    dropEarlier(database, templateFamily(options.migrationsFolder)),
  );
}

/** Built under another name: what bears the template's name is complete. */
async function build(
  database: Database,
  server: URL,
  name: string,
  folder: readonly Migration[],
  options: Omit<TemplateOptions, "serverUrl">,
): Promise<void> {
  const draft = `${name}_${randomBytes(4).toString("hex")}`;
  await database.unsafe(`create database ${quoteIdentifier(draft)} template template0`);
  try {
    const url = onDatabase(server, draft);
    const { roles } = options.tenancy?.settings ?? parseTenancySettings({});
    // Loaded only here: a copy of a template that is there should not wait for it.
    const { applyMigrations } = await import("../migrate/run/apply-migrations.js");
    await applyMigrations({ url, folder, ledger: options.ledger ?? DEFAULT_LEDGER, adminRole: roles.admin });
    await options.contents?.fill(url);
    await endSessions(database, [draft]);
    await database.unsafe(`alter database ${quoteIdentifier(draft)} with allow_connections false`);
    await database.unsafe(`alter database ${quoteIdentifier(draft)} rename to ${quoteIdentifier(name)}`);
  } catch (thrown) {
    await database.unsafe(`drop database if exists ${quoteIdentifier(draft)} with (force)`);
    throw thrown;
  }
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
function templateFamily(migrationsFolder: string): string {
  return `tenantry_template_${digest(resolve(migrationsFolder))}_`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
