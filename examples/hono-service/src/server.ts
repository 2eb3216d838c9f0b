import { serve } from "@hono/node-server";
import { createApp } from "./app.js";
import { openServices } from "./services.js";
import { readSettings } from "./settings.js";

const settings = readSettings(process.env);
const services = await openServices(settings);
const server = serve(
  { fetch: createApp(services).fetch, port: settings.PORT, hostname: settings.HOST },
  ({ port }) => console.log(`listening on http://${settings.HOST}:${port}`),
);

for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    // What is under way is answered first.
    server.close(() => void services.close());
    if ("closeIdleConnections" in server) server.closeIdleConnections();
  });
