import { z } from "zod";

const settings = z.object({
  /** A login that is a member of `app_tenant`. */
  SERVICE_DATABASE_URL: z.string().min(1),
  /** A login that is a member of `app_admin`: it alone can list the creators. */
  ADMIN_DATABASE_URL: z.string().min(1),
  /** Creators that are worked on at the same time, each on a connection. */
  LANES: z.coerce.number().int().min(1).max(50).default(4),
});

/** What the worker is told by its environment. */
export type Settings = z.infer<typeof settings>;

/** @throws ZodError naming what is missing, and no value. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  return settings.parse(variables);
}
