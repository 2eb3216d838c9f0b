import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { refusalOf } from "./refusal-of.js";
import { authRoutes } from "./routes/auth.js";
import { documentRoutes } from "./routes/documents.js";
import type { Services } from "./services.js";

/** The service, without a port. */
export function createApp(services: Services) {
  const app = new Hono();
  app.route("/", authRoutes(services));
  app.route("/documents", documentRoutes(services));
  app.onError((thrown, context) => {
    if (thrown instanceof HTTPException) return context.json({ error: thrown.message }, thrown.status);
    const refusal = refusalOf(thrown);
    // Only its own code is told: the message is for the log.
    if (refusal?.code === "unique-violation") return context.json({ error: "exists already" }, 409);
    console.error(thrown);
    return context.json({ error: "internal" }, refusal?.code === "statement-timeout" ? 503 : 500);
  });
  return app;
}
