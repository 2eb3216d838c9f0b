import { randomBytes } from "node:crypto";
import { onDatabase } from "../core/database-url.js";
import { quoteIdentifier, quoteLiteral } from "../core/identifiers.js";
import { parseTenancySettings } from "../core/tenancy-settings.js";
import type { Database } from "../postgres/connect.js";
import { openDatabase, withDatabase } from "../postgres/connect.js";
import type { EmptyDatabase } from "./create-empty-database.js";
import { createDatabaseFrom } from "./create-empty-database.js";
import type { TemplateOptions } from "./prepare-template.js";
import { prepareTemplate } from "./prepare-template.js";

/** What a test database is made from. */
export type TestDatabaseOptions = TemplateOptions & {
  /** The tenant role of the project's tenancy, of which the service login is a member. Default `app_tenant`. */
  readonly tenantRole?: string;
  /** Connections of `service`. Few, so that they are used again: that is where a tenant context leaks. Default 2. */
  readonly serviceConnections?: number;
};

/** A migrated database of one's own, and a login such as services have. */
export type TestDatabase = EmptyDatabase & {
  /** A login that is a member of the tenant role and of nothing else: run tests of isolation as it. */
  readonly serviceUrl: URL;
  /** A pool connected by `serviceUrl`. */
  readonly service: Database;
};

/**
 * Creates a database with all migrations applied, as a copy of a template, which takes a fraction of the time. Give
 * each test file one of its own, and drop it afterwards; its service login goes with it.
 *
 * @throws TenantryError as `readFolder`, `applyMigrations` and `openDatabase`.
 * @example
 * const database = await createTestDatabase({ serverUrl: process.env.TEST_DATABASE_URL, migrationsFolder: "drizzle" });
 * await database.service`select * from documents`; // no context, no rows
 * await database.drop();
 */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  const database = await createDatabaseFrom(options, await prepareTemplate(options));
  const { admin, adminUrl, name } = database;
  try {
    const login = { user: name, password: randomBytes(24).toString("base64url") };
    const tenantRole = options.tenantRole ?? parseTenancySettings({}).roles.tenant;
    await admin.unsafe(
      `create role ${quoteIdentifier(login.user)} login in role ${quoteIdentifier(tenantRole)} password ${quoteLiteral(login.password)}`,
    );
    const serviceUrl = onDatabase(adminUrl, name, login);
    const service = await openDatabase(serviceUrl, { max: options.serviceConnections ?? 2 });
    let dropped: Promise<void> | undefined;
    const drop = async () => {
      await service.end({ timeout: 1 });
      await database.drop();
      await dropRole(options.serverUrl, login.user);
    };
    return {
      ...database,
      serviceUrl,
      service,
      drop: () => {
        dropped ??= drop();
        return dropped;
      },
    };
  } catch (thrown) {
    await database.drop();
    await dropRole(options.serverUrl, name);
    throw thrown;
  }
}

async function dropRole(serverUrl: string | URL, role: string): Promise<void> {
  await withDatabase(new URL(serverUrl), { urlName: "serverUrl" }, (database) =>
    database.unsafe(`drop role if exists ${quoteIdentifier(role)}`),
  );
}
