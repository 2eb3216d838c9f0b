// Written by tenantry generate from the schema files. Do not edit: run it again.
import type { Door } from "tenantry";
import * as schema from "../index.js";

/** The look-ups before the tenant is known, for connect({ doors }). */
export const doors = {
  findCreatorByEmail: schema.findCreatorByEmail as Door<
    [email: (typeof schema.creators.$inferSelect)["email"]],
    Pick<typeof schema.creators.$inferSelect, "id" | "passwordHash" | "status"> | undefined
  >,
  findRefreshTokenByHash: schema.findRefreshTokenByHash as Door<
    [tokenHash: (typeof schema.refreshTokens.$inferSelect)["tokenHash"]],
    | Pick<
        typeof schema.refreshTokens.$inferSelect,
        "creatorId" | "id" | "familyId" | "expiresAt" | "revokedAt" | "revokedReason" | "replacedBy"
      >
    | undefined
  >,
  isTokenRevoked: schema.isTokenRevoked as Door<
    [
      creatorId: (typeof schema.jwtBlacklist.$inferSelect)["creatorId"],
      jti: (typeof schema.jwtBlacklist.$inferSelect)["jti"],
    ],
    boolean
  >,
};
