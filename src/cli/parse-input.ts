import { Option } from "commander";
import type { ZodError } from "zod";
import { TenantryError } from "../core/errors.js";
import type { AnyCommand, CommandDefinition } from "./command.js";

/**
 * The options and the argument of a command, from what was typed.
 *
 * @throws TenantryError `argument-invalid` naming each that it does not take.
 */
export function parseInput<Input>(definition: CommandDefinition<Input>, typed: unknown): Input {
  const parsed = definition.input.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw invalidInput(definition, parsed.error);
}

function invalidInput(
  definition: Pick<AnyCommand, "name" | "example" | "options">,
  error: ZodError,
): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `tenantry ${definition.name} was called with something it does not take.`,
    details: error.issues.map(({ path, message }) => `${nameInput(definition, String(path[0]))}: ${message}`),
    hint: `For example: tenantry ${definition.example}`,
  });
}

/** `lockWait` as it is typed: `--lock-wait`. */
function nameInput(definition: Pick<AnyCommand, "options">, key: string): string {
  const isOption = definition.options.some(({ flags }) => new Option(flags).attributeName() === key);
  return isOption ? `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` : key;
}
