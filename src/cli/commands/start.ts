import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { startEmbedded } from "../../postgres/embedded/start-embedded.js";
import { defineCommand } from "../command.js";

/** `tenantry start`: the embedded development server. */
export const startCommand = defineCommand({
  name: "start",
  summary: "start the embedded PostgreSQL server of this project (development)",
  example: "start",
  options: [
    { flags: "--port <number>", description: "the port to listen on; default: a free one, remembered" },
  ],
  variables: [],
  exits: { 0: "the server runs" },
  input: z.object({ port: z.coerce.number().int().min(1).max(65_535).optional() }),
  run: async (context, { port }) => {
    if (context.environment !== "development") {
      throw new TenantryError({
        code: "production-refused",
        message: `The embedded server is for development; the environment is ${context.environment}.`,
        hint: "Set DATABASE_URL to the server of that environment.",
      });
    }
    const server = await startEmbedded({
      projectDirectory: context.directory,
      logger: context.logger,
      ...(port === undefined ? {} : { port }),
    });
    const { dataDirectory, pid, started } = server;
    return {
      exitCode: 0,
      data: { port: server.port, pid, dataDirectory, started },
      text: `PostgreSQL ${started ? "started" : "is already running"} on 127.0.0.1:${server.port} (process ${pid}).`,
    };
  },
});
