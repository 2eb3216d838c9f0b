import { createHash } from "node:crypto";

/** The parts as JSON, so that `("a", "bc")` is not `("ab", "c")`; hashed, since a tenant's id may be any text. */
export function digestOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

/** The key of the hash that holds the entries of one tenant and schema: `scope` is a digest of both. */
export function cacheKey(prefix: string, scope: string): string {
  return `${prefix}:cache:{${scope}}`;
}
