import { z } from "zod";

const settings = z.object({
  /** A login that is a member of `app_tenant` and of nothing else. */
  SERVICE_DATABASE_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  /** Signs the access tokens. All instances of the service share it. */
  ACCESS_TOKEN_SECRET: z.string().min(32),
  /** Where to listen; 0.0.0.0 in a container. */
  HOST: z.string().min(1).default("127.0.0.1"),
  /** Zero takes any free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
});

/** What the service is told by its environment. */
export type Settings = z.infer<typeof settings>;

/** @throws ZodError naming what is missing, and no value. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  return settings.parse(variables);
}
