import { TenantryError } from "./errors.js";

const ENVIRONMENTS = ["development", "staging", "production"] as const;

/** Where a command runs. Only development may start servers by itself or destroy data. */
export type Environment = (typeof ENVIRONMENTS)[number];

/**
 * The environment by name; nothing, or an empty text, means development.
 *
 * @throws TenantryError `environment-unknown` for any other name: a misspelt "produktion" must never get the
 * liberties of development.
 * @example parseEnvironment("staging") // "staging"
 */
export function parseEnvironment(name: string | undefined): Environment {
  if (name === undefined || name === "") return "development";
  const known = ENVIRONMENTS.find((environment) => environment === name);
  if (known !== undefined) return known;
  throw new TenantryError({
    code: "environment-unknown",
    message: `Unknown environment ${JSON.stringify(name)}.`,
    hint: `Set TENANTRY_ENV or --env to one of: ${ENVIRONMENTS.join(", ")}.`,
  });
}
