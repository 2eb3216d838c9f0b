import { randomUUID } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";

/** How long an access token is good for. */
export const ACCESS_TOKEN_SECONDS = 10 * 60;

const ISSUER = "example-service";
const claims = z.object({ sub: z.uuid(), jti: z.string().min(1), iat: z.number(), exp: z.number() });

/** What a verified token says; `sub` is the creator. */
export type Claims = z.infer<typeof claims>;

/** Issues access tokens, and verifies them. */
export function createAccessTokens(secret: string) {
  const key = new TextEncoder().encode(secret);
  return {
    /** A fraction in `iat`: a token that is issued right after all were revoked must not count as one of them. */
    issue: async (creatorId: string): Promise<string> => {
      const now = Date.now() / 1000;
      return await new SignJWT({})
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer(ISSUER)
        .setSubject(creatorId)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + ACCESS_TOKEN_SECONDS)
        .sign(key);
    },
    /** The claims, or undefined if the token is not one of ours, or has expired. */
    verify: async (token: string): Promise<Claims | undefined> => {
      const verified = await jwtVerify(token, key, { issuer: ISSUER, algorithms: ["HS256"] }).catch(
        () => undefined,
      );
      return claims.safeParse(verified?.payload).data;
    },
  };
}
