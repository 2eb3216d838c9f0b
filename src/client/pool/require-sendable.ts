import { TenantryError } from "../../core/errors.js";

/** One less than what the protocol's 16 bits can count; postgres.js refuses the rest. */
const MAX_PARAMETERS = 65_533;

/**
 * Refuses parameters that postgres.js would refuse only while it writes the statement. Behind a statement that has been
 * sent already it then blames that one, and takes each later answer for the statement before.
 *
 * @throws TenantryError `sql-invalid`
 */
export function requireSendable(parameters: readonly unknown[]): void {
  if (parameters.length > MAX_PARAMETERS) {
    throw new TenantryError({
      code: "sql-invalid",
      message: `A statement has ${parameters.length} parameters; PostgreSQL takes ${MAX_PARAMETERS}.`,
      hint: "Insert fewer rows at once.",
    });
  }
  const index = parameters.findIndex((value) => hasUndefined(value));
  if (index === -1) return;
  throw new TenantryError({
    code: "sql-invalid",
    message: `Parameter $${index + 1} of a statement is undefined, which is no value in SQL.`,
    hint: "Write null, or leave the column or condition out.",
  });
}

function hasUndefined(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.some(hasUndefined));
}
