import { z } from "zod";

/** `--reason`: stands in the audit log. */
export const reasonInput = z
  .string()
  .trim()
  .min(1)
  .max(1000)
  .regex(/^[^\0]*$/, "no NUL character")
  .optional();
