import { createHash } from "node:crypto";
import { serialize } from "node:v8";

/**
 * Stands for plain data.
 *
 * @throws DataCloneError for what is not: a function that decides something cannot be compared.
 */
export function digestData(data: unknown): string {
  return createHash("sha256").update(serialize(data)).digest("hex");
}
