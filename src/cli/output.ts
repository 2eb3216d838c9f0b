import { messageOf, TenantryError } from "../core/errors.js";
import { formatFinding } from "../core/finding.js";
import type { Outcome } from "./command.js";

/** The one object that `--json` prints. */
export function formatJson(command: string, outcome: Outcome): string {
  const { exitCode, data, findings = [], warnings = [] } = outcome;
  return JSON.stringify({ ok: exitCode === 0, command, data: data ?? null, findings, warnings });
}

/** The same for a failure; of a bug the stack is on stderr, as it is without `--json`. */
export function formatJsonError(command: string, thrown: unknown): string {
  const { code, message, hint, details } =
    thrown instanceof TenantryError
      ? thrown
      : {
          code: "bug",
          message: messageOf(thrown),
          hint: "Please report it with what stderr says.",
          details: [],
        };
  return JSON.stringify({
    ok: false,
    command,
    data: null,
    findings: [],
    warnings: [],
    error: { code, message, hint, details },
  });
}

/** What an outcome says to a person, on stdout: its text, then its findings. */
export function formatOutcome(outcome: Outcome): string {
  return [outcome.text ?? "", (outcome.findings ?? []).map(formatFinding).join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** What a failure says to a person, on stderr. A mistake gets a few plain lines; a bug gets its stack. */
export function formatError(thrown: unknown): string {
  if (!(thrown instanceof TenantryError)) {
    const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return `This is a bug in tenantry; please report it with these lines.\n${stack}`;
  }
  const details = thrown.details.flatMap((detail) => detail.split("\n")).map((line) => `  ${line}`);
  return [
    `error: ${thrown.message}`,
    ...details,
    ...(thrown.hint === undefined ? [] : [`hint: ${thrown.hint}`]),
  ].join("\n");
}
