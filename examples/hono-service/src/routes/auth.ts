import { Hono } from "hono";
import { uuidV7 } from "tenantry";
import { creators } from "tenantry/schema";
import { z } from "zod";
import { hashPassword, isPassword } from "../passwords.js";
import { readBody } from "../read-body.js";
import { isTaken } from "../refusals.js";
import { requireCreator } from "../require-creator.js";
import type { Services } from "../services.js";

const password = z.string().min(12).max(200);
const signUp = z.object({ email: z.email().max(254), password, displayName: z.string().min(1).max(200) });
const login = z.object({ email: z.string().max(254), password: z.string().max(200) });
const refreshToken = z.object({ refreshToken: z.string() });

/** Sign-up, login, refresh and sign-out. */
export function authRoutes(services: Services) {
  const { db, access, refresh, blacklist } = services;
  const unauthorized = { error: "unauthorized" };
  const routes = new Hono();

  // No door: the new id is made first, and is the context. Whether the address was free is told by mail, not here.
  routes.post("/sign-up", async (context) => {
    const { email, password, displayName } = await readBody(context, signUp);
    const passwordHash = await hashPassword(password);
    try {
      await db.as(uuidV7()).insert(creators).values({ email, displayName, passwordHash });
    } catch (thrown) {
      if (!isTaken(thrown)) throw thrown;
    }
    return context.json({ status: "accepted" }, 202);
  });

  // The creator is not known yet: a door finds the one row of this address, and tells three columns of it.
  routes.post("/login", async (context) => {
    const { email, password } = await readBody(context, login);
    const found = await db.doors.findCreatorByEmail(email);
    const isRight = await isPassword(password, found?.passwordHash);
    if (!isRight || found?.status !== "active") return context.json(unauthorized, 401);
    const userAgent = context.req.header("user-agent");
    const issued = await refresh.issue(found.id, userAgent === undefined ? {} : { userAgent });
    return context.json({ accessToken: await access.issue(found.id), refreshToken: issued.token });
  });

  routes.post("/refresh", async (context) => {
    const given = await readBody(context, refreshToken);
    const next = await refresh.rotate(given.refreshToken);
    if (next.outcome === "rotated")
      return context.json({ accessToken: await access.issue(next.creatorId), refreshToken: next.token });
    // Somebody has a copy. The family is revoked; what it has got in access tokens ends with it.
    if (next.reason === "reused" && next.creatorId !== undefined)
      await blacklist.revokeAll(next.creatorId, { reason: "compromised" });
    return context.json(unauthorized, 401);
  });

  routes.post("/sign-out", requireCreator(services), async (context) => {
    const { jti, exp, sub } = context.get("claims");
    const given = await readBody(context, refreshToken);
    await blacklist.revoke(jti, new Date(exp * 1000), sub);
    await refresh.revoke(given.refreshToken);
    return context.body(null, 204);
  });
  return routes;
}
