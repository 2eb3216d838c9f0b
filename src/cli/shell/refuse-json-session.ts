import { TenantryError } from "../../core/errors.js";

/**
 * A session is for people: `--json` goes with `--command` alone.
 *
 * @throws TenantryError `argument-invalid`.
 */
export function refuseJsonSession(json: boolean, name: string, command: string | undefined): void {
  if (!json || (command !== undefined && !command.trimStart().startsWith("\\"))) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: `tenantry ${name} --json needs --command with a statement: a session is for people.`,
    hint: `For example: tenantry ${name} --json --command "…"`,
  });
}
