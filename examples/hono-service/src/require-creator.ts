import { createMiddleware } from "hono/factory";
import { withTenant } from "tenantry/client";
import type { Claims } from "./access-tokens.js";
import type { Services } from "./services.js";

/** What a route may read once its caller is known. */
export type WithCreator = { Variables: { claims: Claims } };

/**
 * Lets a request through that carries a token which is ours, has not expired and is not revoked, and runs it on behalf
 * of the token's creator: from here on `db.current` is that creator's database. Nothing else names the creator.
 */
export function requireCreator({ access, blacklist }: Services) {
  return createMiddleware<WithCreator>(async (context, next) => {
    const [, token = ""] = /^Bearer (\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    const claims = await access.verify(token);
    // Throws where nothing is known, and then the request fails: unknown must not mean "not revoked".
    if (claims === undefined || (await blacklist.isRevoked(claims.jti, claims.iat, claims.sub)))
      return context.json({ error: "unauthorized" }, 401);
    context.set("claims", claims);
    await withTenant(claims.sub, next, { actor: claims.sub });
    return;
  });
}
