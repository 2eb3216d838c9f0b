import type { Redis } from "ioredis";
import { DATABASE_IDENTITY_SQL } from "../../client/guards/database-identity.js";
import { schemaDigest } from "../../client/tenant/schema-digest.js";
import { TenantryError } from "../../core/errors.js";
import type { Database } from "../../postgres/connect.js";
import { connectRedis } from "../../redis/connect-redis.js";
import type { ForgottenTenant } from "../../redis/forget-tenant.js";
import { forgetTenant } from "../../redis/forget-tenant.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";
import { readManifestDigest } from "../read-manifest-digest.js";

/** Connects to the Redis of `REDIS_URL`, before anything is deleted; undefined where it is not set. */
export async function openRedis({ variables }: Context): Promise<Redis | undefined> {
  const { REDIS_URL: url } = variables;
  return url === undefined || url === "" ? undefined : await connectRedis(url);
}

/** The server's answer; undefined where this login may not ask which database it is. */
async function readIdentity(database: Database): Promise<string | undefined> {
  try {
    const [row] = await database.unsafe<{ identity: string }[]>(
      `select ${DATABASE_IDENTITY_SQL} as identity`,
    );
    return row?.identity;
  } catch {
    return undefined;
  }
}

/**
 * Has Redis forget a tenant: under the digest of the generated manifest, and under that of the tables, one of which services
 * use.
 *
 * @throws TenantryError `connection-failed`
 */
export async function forgetInRedis(
  redis: Redis,
  database: Database,
  project: Project,
  tenant: string,
): Promise<ForgottenTenant> {
  const identity = await readIdentity(database);
  const exports = await project.loadExports();
  const digests = [await readManifestDigest(project), schemaDigest(Object.values(exports))];
  const schemaDigests = digests.flatMap((digest) =>
    digest === undefined || identity === undefined ? [] : [`${identity} ${digest}`],
  );
  try {
    return await forgetTenant({ redis, tenant, schemaDigests });
  } catch (thrown) {
    throw new TenantryError({
      code: "connection-failed",
      message: "The rows are erased, but Redis could not be told.",
      hint: "Run the same command again: it then tells Redis alone. What the cache keeps expires within an hour.",
      cause: thrown,
    });
  }
}
