import { z } from "zod";

/** The variable that tells a janitor what to do. Not an argument: other users can read those. */
export const JANITOR_VARIABLE = "TENANTRY_JANITOR";

/** The first number is the advisory lock's class: "jntr". */
export const JANITOR_LOCK_CLASS = 0x6a_6e_74_72;

/** What a janitor has to know. */
export const janitorSettings = z.strictObject({
  serverUrl: z.string(),
  prefix: z.string(),
  /** Of the embedded server that it stops when nobody uses it any more. */
  embedded: z.strictObject({ projectDirectory: z.string(), stateDirectory: z.string() }).optional(),
});

/** See {@link janitorSettings}. */
export type JanitorSettings = z.infer<typeof janitorSettings>;
