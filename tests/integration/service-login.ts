import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { onDatabase } from "../../src/core/database-url.js";
import { quoteIdentifier, quoteLiteral } from "../../src/core/identifiers.js";
import type { Database, Session } from "../../src/postgres/connect.js";
import { withDatabase } from "../../src/postgres/connect.js";

type Owned = { readonly name: string; readonly adminUrl: URL; readonly admin: Database };

/** Runs statements as a service does: logged in as a member of the tenant role alone, in a tenant's context. */
type Service = <T>(tenant: string | undefined, use: (session: Session) => Promise<T>) => Promise<T>;

/** A service's login on a database, until the test ends. */
export async function makeService(
  database: Owned,
  roles: { readonly tenant: string; readonly setting: string } = {
    tenant: "app_tenant",
    setting: "app.creator_id",
  },
): Promise<Service> {
  const user = `service_${randomBytes(6).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  await database.admin.unsafe(
    `create role ${quoteIdentifier(user)} login password ${quoteLiteral(password)}`,
  );
  await database.admin.unsafe(`grant ${quoteIdentifier(roles.tenant)} to ${quoteIdentifier(user)}`);
  onTestFinished(async () => {
    await database.admin.unsafe(`drop role ${quoteIdentifier(user)}`);
  });
  const url = onDatabase(database.adminUrl, database.name, { user, password });
  return (tenant, use) =>
    withDatabase(url, {}, async (service) => {
      const result = await service.begin(async (session) => {
        if (tenant !== undefined) await session`select set_config(${roles.setting}, ${tenant}, true)`;
        return { value: await use(session) };
      });
      return result.value as Awaited<ReturnType<typeof use>>;
    });
}

/** Drops roles that a test has made on the server, and what they were granted in its database. */
export async function dropRoles(database: Owned, roles: readonly string[]): Promise<void> {
  for (const role of roles) {
    const name = quoteIdentifier(role);
    await database.admin.unsafe(`drop owned by ${name}`);
    await database.admin.unsafe(`drop role ${name}`);
  }
}
