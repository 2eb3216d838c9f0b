import { z } from "zod";
import { defineCommand } from "../command.js";
import { formatStatus } from "../format-status.js";
import { isSettled, readStatus } from "../read-status.js";

/** `tenantry status`: what is there, and whether every table is isolated. */
export const statusCommand = defineCommand({
  name: "status",
  summary: "show server, role, migrations, and the isolation of every table",
  example: "status --json",
  options: [],
  input: z.object({}),
  run: async (context) => {
    const { findings, warnings, ...status } = await readStatus(context);
    const whole = { ...status, findings, warnings };
    return {
      exitCode: isSettled(whole) ? 0 : 1,
      data: status,
      text: formatStatus(whole),
      findings,
      warnings,
    };
  },
});
