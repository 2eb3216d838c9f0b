import { z } from "zod";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { parseDuration } from "../migrate/folder/directives.js";
import type { Timeouts } from "../migrate/run/timeouts.js";
import { DEFAULT_TIMEOUTS } from "../migrate/run/timeouts.js";
import type { OptionDefinition } from "./command.js";

/** A duration as PostgreSQL writes it, in milliseconds. */
const duration = z.string().transform((text, issues) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  issues.addIssue("write a duration as 500ms, 5s, 10min or 0");
  return z.NEVER;
});

/** The limits of a run, as options. */
export const TIMEOUT_OPTIONS: readonly OptionDefinition[] = [
  {
    flags: "--lock-timeout <time>",
    description: "for one lock, before the migration is tried again; default 3s",
  },
  { flags: "--statement-timeout <time>", description: "for one statement; default none" },
  { flags: "--idle-timeout <time>", description: "for a transaction in which nothing happens; default 1min" },
  { flags: "--retry-for <time>", description: "for all tries of one migration; default 1min" },
  { flags: "--deadline <time>", description: "for the run as a whole; default none" },
];

/** What {@link TIMEOUT_OPTIONS} are parsed by. */
export const timeoutInput = {
  lockTimeout: duration.optional(),
  statementTimeout: duration.optional(),
  idleTimeout: duration.optional(),
  retryFor: duration.optional(),
  deadline: duration.optional(),
} as const;

/** `--wait 60s`. */
export const waitInput = duration.optional();

/** The limits as they were typed. */
export type TimeoutInput = { readonly [Key in keyof typeof timeoutInput]?: number | undefined };

/** The limits of a run: what was typed, else what the project says, else the defaults. */
export function resolveTimeouts(input: TimeoutInput, settings: TenancySettings["migrate"]): Timeouts {
  const pick = (key: keyof TimeoutInput, otherwise: number) =>
    input[key] ?? parseDuration(settings[key] ?? "") ?? otherwise;
  return {
    lock: pick("lockTimeout", DEFAULT_TIMEOUTS.lock),
    statement: pick("statementTimeout", DEFAULT_TIMEOUTS.statement),
    idle: pick("idleTimeout", DEFAULT_TIMEOUTS.idle),
    retryFor: pick("retryFor", DEFAULT_TIMEOUTS.retryFor),
    deadline: pick("deadline", DEFAULT_TIMEOUTS.deadline),
  };
}
