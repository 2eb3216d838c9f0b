import { answerWithin } from "../../core/answer-within.js";
import { teachArrayTypes } from "../../postgres/array-types.js";
import { complainOf, explainConnection, requireSupportedVersion } from "../../postgres/connect.js";
import { isBehindPooler } from "../../postgres/pooler.js";
import type { ConnectionPool } from "../pool/connection-pool.js";
import { readConnectionFacts } from "./connection-facts.js";
import { guardManifest, type ManifestDigest, type OnManifestMismatch } from "./guard-manifest.js";
import { guardRole } from "./guard-role.js";
import { guardServer } from "./guard-server.js";

/** What a connection is held against. */
export type GuardOptions = {
  readonly tenantRole: string;
  readonly manifest?: ManifestDigest | undefined;
  readonly onManifestMismatch: OnManifestMismatch;
  /** Whether to keep statements prepared; undefined: not behind a pooler. */
  readonly prepare: boolean | undefined;
  /** What to call the URL in an error. */
  readonly urlName: string;
  readonly warn: (message: string) => void;
};

/** What the guards found out besides. */
export type GuardedServer = { readonly prepares: boolean; readonly database: string };

// As long as a query waits for a connection: a service that starts beside many others must not give up sooner.
const PATIENCE_SECONDS = 30;

/**
 * Asks a pool's first connection who it is, in one round trip, and refuses what must not serve tenants. The connection
 * stays in the pool.
 *
 * @throws TenantryError `role-insufficient`, `server-too-old`, `manifest-mismatch`; `connection-failed`,
 * `password-rejected`, `database-missing`.
 */
export async function guardConnection(pool: ConnectionPool, options: GuardOptions): Promise<GuardedServer> {
  const connection = await pool.acquire();
  try {
    const facts = await answerWithin(
      PATIENCE_SECONDS,
      complainOf(PATIENCE_SECONDS),
      readConnectionFacts(connection, options.tenantRole),
    );
    requireSupportedVersion(facts.version, pool.url);
    guardRole(facts, options.tenantRole);
    const warnings = [
      guardServer(facts),
      guardManifest(facts, options.manifest, options.onManifestMismatch),
    ].filter((warning) => warning !== undefined);
    teachArrayTypes(connection, facts.arrays);
    pool.takeTypesFrom(connection);
    pool.release(connection);
    for (const warning of warnings) options.warn(warning);
    const { prepare: prepares = !isBehindPooler(facts) } = options;
    if (!prepares) pool.stopPreparing();
    return { prepares, database: facts.database };
  } catch (thrown) {
    pool.discard(connection);
    throw explainConnection(thrown, pool.url, options.urlName);
  }
}
