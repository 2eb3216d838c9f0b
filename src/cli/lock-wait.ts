import { z } from "zod";
import type { OptionDefinition } from "./command.js";

/** On every command that takes the migration lock. */
export const LOCK_WAIT: OptionDefinition = {
  flags: "--lock-wait <seconds>",
  description: "how long to wait for another migrator; default 60",
};

/** What `--lock-wait` takes: seconds, up to a day. */
export const lockWaitSchema = z.coerce.number().min(0).max(86_400).default(60);
