import { parseEnvironment } from "../../../core/environment.js";
import type { Check } from "../check.js";
import { ok, problem } from "../check.js";

/** The environment's name is one that there is. */
export const environmentCheck: Check = {
  id: "environment",
  group: "The project",
  run: async ({ context, env }) => {
    if (env === "") return problem("--env is given, but empty", "Name one, or leave --env out.");
    const environment = parseEnvironment(env ?? context.variables.TENANTRY_ENV);
    const origin = env === undefined ? "TENANTRY_ENV" : "--env";
    return ok(
      context.isEnvironmentNamed ? `${environment} (${origin})` : `${environment}, since nobody says another`,
    );
  },
};
