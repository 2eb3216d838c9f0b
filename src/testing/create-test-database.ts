import { randomBytes } from "node:crypto";
import type { AnyRelations, EmptyRelations } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { connect } from "../client/connect.js";
import type { DoorsByName } from "../client/doors/door-calls.js";
import type { ManifestDigest } from "../client/guards/guard-manifest.js";
import type { TenantClient } from "../client/tenant-client.js";
import { onDatabase } from "../core/database-url.js";
import { TenantryError } from "../core/errors.js";
import { quoteIdentifier, quoteLiteral } from "../core/identifiers.js";
import type { TenantColumnType } from "../core/tenancy-settings.js";
import type { LedgerPlace } from "../migrate/ledger/ledger.js";
import { writeManifestMark } from "../migrate/run/manifest-mark.js";
import type { Database } from "../postgres/connect.js";
import { openDatabase } from "../postgres/connect.js";
import { defineTenancy, type Tenancy } from "../rls/define-tenancy.js";
import { callJanitor } from "./cleanup/call-janitor.js";
import type { EmptyDatabase } from "./create-empty-database.js";
import { createDatabaseFrom, DEFAULT_PREFIX } from "./create-empty-database.js";
import { defaultMigrationsFolder } from "./default-migrations-folder.js";
import { ensureTemplate } from "./prepare-template.js";
import { findTestServer, type TestServer, type TestServerOptions } from "./server/test-server.js";
import { whileServerStays } from "./server/while-server-stays.js";
import { readTestSchema, type TestSchema } from "./test-schema.js";

/** What a test database is made from. Everything has a default. */
export type TestDatabaseOptions<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = TenantColumnType,
  TDoors extends DoorsByName = Record<never, never>,
> = TestServerOptions & {
  /** Default `drizzle` in the working directory, else the migrations that come with the package. */
  readonly migrationsFolder?: string;
  /** Where drizzle-orm keeps its ledger, if not at its default place. */
  readonly ledger?: LedgerPlace;
  /** What `drizzle.config.ts` exports as `tenancy`. Default `defineTenancy()`. */
  readonly tenancy?: Tenancy<string, Type>;
  /** The exports of the schema files, `import * as schema from …`: for `creators` and `expectIsolated`. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** What `defineRelations` returned, for `db.as(id).query`. */
  readonly relations?: TRelations;
  /** What `generated/doors.ts` exports, for `db.doors`. */
  readonly doors?: TDoors;
  /** What `generated/manifest.ts` exports: recorded as `migrate` records it, so that the service's own `connect({ manifest })` is content. */
  readonly manifest?: ManifestDigest;
  /** The database's name begins with it. Default `tenantry_test`. */
  readonly prefix?: string;
  /** Connections of `service`. Few, so that they are used again: that is where a tenant context leaks. Default 2. */
  readonly serviceConnections?: number;
};

/** A migrated database of one's own, and a login such as services have. */
export type TestDatabase<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = TenantColumnType,
  TDoors extends DoorsByName = Record<never, never>,
> = EmptyDatabase & {
  /** A login that is a member of the tenant role and of nothing else: run tests of isolation as it. */
  readonly serviceUrl: URL;
  /** A pool connected by `serviceUrl`. */
  readonly service: Database;
  /** What a service has: the tenant client, connected by `serviceUrl`. */
  readonly db: TenantClient<TRelations, Type, TDoors>;
  /**
   * The ids of two tenants that have a row in the tenant root, with values that were made up.
   *
   * @throws TenantryError `argument-invalid` without the option `schema`.
   */
  readonly creators: readonly [string, string];
  /**
   * Judges these tables by the rules over the catalog, and attacks them as a service would, whether or not the schema
   * has them; without a table, the whole database. Takes a second or two, and leaves nothing behind.
   *
   * @throws TenantryError `isolation` with one finding for each hole; `argument-invalid` without the option `schema`.
   * @example
   * it("keeps invoices apart", () => database.expectIsolated(invoices));
   */
  readonly expectIsolated: (...tables: readonly PgTable[]) => Promise<void>;
};

/**
 * Creates a database with all migrations applied, as a copy of a template, which takes a fraction of the time. Give
 * each test file one of its own, and drop it afterwards; its service login goes with it. What a process leaves behind
 * that dies, or forgets, is dropped by a janitor, and at the latest by the next process that asks for a database.
 *
 * @throws TenantryError as `findTestServer`, `readFolder`, `applyMigrations`, `openDatabase` and `connect`.
 * @example
 * const database = await createTestDatabase({ schema, relations });
 * const [ann, bob] = database.creators;
 * await database.db.as(ann).select().from(documents);
 * await database.drop();
 */
export async function createTestDatabase<
  TRelations extends AnyRelations = EmptyRelations,
  Type extends TenantColumnType = TenantColumnType,
  TDoors extends DoorsByName = Record<never, never>,
>(
  options: TestDatabaseOptions<TRelations, Type, TDoors> = {},
): Promise<TestDatabase<TRelations, Type, TDoors>> {
  const tenancy = options.tenancy ?? (defineTenancy() as Tenancy<string, Type>);
  const schema = options.schema === undefined ? undefined : readTestSchema(tenancy.settings, options.schema);
  return await whileServerStays(
    () => findTestServer(options),
    (server) => createOn(server, { ...options, tenancy }, schema),
  );
}

async function createOn<
  TRelations extends AnyRelations,
  Type extends TenantColumnType,
  TDoors extends DoorsByName,
>(
  server: TestServer,
  options: TestDatabaseOptions<TRelations, Type, TDoors> & { readonly tenancy: Tenancy<string, Type> },
  schema: TestSchema | undefined,
): Promise<TestDatabase<TRelations, Type, TDoors>> {
  const {
    tenancy,
    relations,
    doors,
    manifest,
    ledger,
    prefix = DEFAULT_PREFIX,
    serviceConnections = 2,
  } = options;
  const migrationsFolder = options.migrationsFolder ?? defaultMigrationsFolder();
  return await createDatabaseFrom(server.url, prefix, {
    chooseTemplate: async (onServer) => {
      const { url, embedded } = server;
      await callJanitor(onServer, { serverUrl: url.href, prefix, embedded });
      return await ensureTemplate(onServer, url, {
        migrationsFolder,
        ledger,
        tenancy,
        contents: schema?.contents,
      });
    },
    complete: async (database, onServer, accompany) => {
      const { admin, adminUrl, name } = database;
      const login = { user: name, password: randomBytes(24).toString("base64url") };
      accompany({ after: (session) => session.unsafe(`drop role if exists ${quoteIdentifier(name)}`) });
      await onServer.unsafe(
        `create role ${quoteIdentifier(login.user)} login in role ${quoteIdentifier(tenancy.settings.roles.tenant)} password ${quoteLiteral(login.password)}`,
      );
      if (manifest !== undefined) await writeManifestMark(admin, manifest.digest);
      const serviceUrl = onDatabase(adminUrl, name, login);
      const [service, db, creators] = await settle(
        openDatabase(serviceUrl, { max: serviceConnections, urlName: "the service login's URL" }),
        connect<TRelations, Type, string, TDoors>({
          url: serviceUrl,
          tenancy,
          // The embedded server is below the patched releases, and every run of the tests would say so.
          onWarning: () => {},
          ...(relations === undefined ? {} : { relations }),
          ...(doors === undefined ? {} : { doors }),
          ...(manifest === undefined ? {} : { manifest }),
        }),
        schema?.readCreators(admin) ?? Promise.resolve(undefined),
      );
      accompany({ before: () => service.end({ timeout: 1 }) });
      accompany({ before: () => db.close({ timeoutSeconds: 1 }) });
      return {
        ...database,
        serviceUrl,
        service,
        db,
        get creators() {
          return creators ?? refuseWithoutSchema("creators");
        },
        expectIsolated: async (...tables) =>
          await (schema ?? refuseWithoutSchema("expectIsolated")).expectIsolated(adminUrl, tables),
      };
    },
  });
}

/** All of them to their end, so that nothing is still connecting when the database is dropped; then the first failure. */
async function settle<T extends readonly Promise<unknown>[]>(
  ...promises: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as { -readonly [K in keyof T]: Awaited<T[K]> };
}

function refuseWithoutSchema(what: string): never {
  throw new TenantryError({
    code: "argument-invalid",
    message: `${what} needs the schema, and createTestDatabase() was called without it.`,
    hint: 'Write: import * as schema from "./schema/index.js"; then: createTestDatabase({ schema })',
  });
}
