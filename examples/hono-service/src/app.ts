import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { isTaken, refusalOf } from "./refusals.js";
import { authRoutes } from "./routes/auth.js";
import { documentRoutes } from "./routes/documents.js";
import type { Services } from "./services.js";

/** The service, without a port. */
export function createApp(services: Services) {
  const app = new Hono();
  app.get("/health", (context) => context.json({ ok: true }));
  app.route("/", authRoutes(services));
  app.route("/documents", documentRoutes(services));
  app.onError((thrown, context) => {
    if (thrown instanceof HTTPException) return context.json({ error: thrown.message }, thrown.status);
    if (isTaken(thrown)) return context.json({ error: "exists already" }, 409);
    // What it says is for the log alone.
    console.error(thrown);
    const refusal = refusalOf(thrown);
    return context.json({ error: "internal" }, refusal?.code === "statement-timeout" ? 503 : 500);
  });
  return app;
}
