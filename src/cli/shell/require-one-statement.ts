import { TenantryError } from "../../core/errors.js";
import { SqlSplitter } from "./sql-splitter.js";

/**
 * The one statement of a text, without its semicolon. Several would share a transaction in psql's `-c` and not in a
 * script; so that nobody has to know, they are refused.
 *
 * @throws TenantryError `argument-invalid` if there is none, or more than one.
 * @example requireOneStatement("select 1;") // "select 1"
 */
export function requireOneStatement(text: string): string {
  const splitter = new SqlSplitter();
  const whole = splitter.push(`${text}\n`);
  const rest = splitter.take();
  const [statement, ...more] = rest === undefined ? whole : [...whole, rest];
  if (statement !== undefined && more.length === 0) return statement;
  throw new TenantryError({
    code: "argument-invalid",
    message: `--command takes one statement; it was given ${statement === undefined ? "none" : more.length + 1}.`,
    hint: "Pipe several into the shell: echo 'begin; …; commit;' | tenantry shell",
  });
}
