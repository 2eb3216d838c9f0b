import { z } from "zod";
import { stopEmbedded } from "../../postgres/embedded/stop-embedded.js";
import { defineCommand } from "../command.js";

/** `tenantry stop`: stops the embedded development server; its data stays. */
export const stopCommand = defineCommand({
  name: "stop",
  summary: "stop the embedded PostgreSQL server; its data stays",
  example: "stop",
  options: [],
  variables: [],
  exits: { 0: "the server does not run" },
  input: z.object({}),
  run: async (context) => {
    const { stopped } = await stopEmbedded({ projectDirectory: context.directory, logger: context.logger });
    return {
      exitCode: 0,
      data: { stopped },
      text: stopped ? "PostgreSQL is stopped." : "PostgreSQL was not running.",
    };
  },
});
