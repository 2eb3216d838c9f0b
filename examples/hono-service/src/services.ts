import { Redis } from "ioredis";
import { connect } from "tenantry/client";
import { refreshTokens, tenantCache, tokenBlacklist } from "tenantry/redis";
import * as schema from "tenantry/schema";
import { doors } from "tenantry/schema/generated/doors";
import { manifest } from "tenantry/schema/generated/manifest";
import { relations } from "tenantry/schema/generated/relations";
import { ACCESS_TOKEN_SECONDS, createAccessTokens } from "./access-tokens.js";
import type { Settings } from "./settings.js";

/** Opens everything that the routes use. */
export async function openServices(settings: Settings) {
  const redis = new Redis(settings.REDIS_URL, { maxRetriesPerRequest: 1 });
  // Redis may be away: the cache then finds nothing, and the blacklist asks the database.
  redis.on("error", (error) => console.error(`redis: ${error.message}`));
  const db = await connect({
    url: settings.SERVICE_DATABASE_URL,
    relations,
    doors,
    // Refuses to start on a database that was migrated to another schema than this service was built from.
    manifest,
    cache: tenantCache({ redis }),
    statementTimeout: 5_000,
    applicationName: "example service",
  });
  console.log(JSON.stringify({ event: "migration-confirmed", manifest: manifest.digest }));
  const blacklist = tokenBlacklist({
    ...{ db, redis, blacklist: schema.jwtBlacklist, cutoffs: schema.tokenCutoffs },
    isTokenRevoked: db.doors.isTokenRevoked,
    longestToken: ACCESS_TOKEN_SECONDS * 1000,
  });
  const refresh = refreshTokens({ db, table: schema.refreshTokens, find: db.doors.findRefreshTokenByHash });
  const access = createAccessTokens(settings.ACCESS_TOKEN_SECRET);
  return {
    ...{ db, access, refresh, blacklist },
    close: async () => {
      await db.close();
      redis.disconnect();
    },
  };
}

/** See {@link openServices}. */
export type Services = Awaited<ReturnType<typeof openServices>>;
