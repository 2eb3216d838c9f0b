import { z } from "zod";

/** `--backup-ref`: what the backup is called where it is kept. It stands in the run log, which others may read. */
export const backupRefInput = z
  .string()
  .trim()
  .min(1, "name the backup, such as a snapshot's id")
  .max(500)
  .regex(/^\P{Cc}*$/u, "no control characters")
  .regex(/^(?!.*:\/\/[^\s/@]*:[^\s/@]+@)/, "it holds a password, and the run log keeps it")
  .optional();
