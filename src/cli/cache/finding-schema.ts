import { z } from "zod";
import type { Finding } from "../../core/finding.js";

const optional = <Value>(type: z.ZodType<Value>) => z.exactOptional(type);

/** A finding as a file has kept it. */
export const findingSchema: z.ZodType<Finding> = z.strictObject({
  rule: z.string(),
  level: z.enum(["error", "warning"]),
  subject: z.string(),
  file: optional(z.string()),
  line: optional(z.number()),
  column: optional(z.number()),
  detail: z.string(),
  fix: z.string(),
});
