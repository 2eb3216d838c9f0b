import { createHash } from "node:crypto";

/** PostgreSQL cuts identifiers at 63 bytes (NAMEDATALEN - 1), silently. */
const MAX_IDENTIFIER_BYTES = 63;

/**
 * An identifier in double quotes, safe in any SQL statement.
 *
 * @throws RangeError if it is empty or contains a NUL character, which PostgreSQL cannot store.
 * @example quoteIdentifier('my "table"') // "my ""table"""
 */
export function quoteIdentifier(name: string): string {
  if (name === "" || name.includes("\0")) throw new RangeError(`not an identifier: ${JSON.stringify(name)}`);
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A schema-qualified name, both parts quoted.
 *
 * @example qualify("public", "documents") // "public"."documents"
 */
export function qualify(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/**
 * A string literal, safe whatever `standard_conforming_strings` is.
 *
 * @throws RangeError if it contains a NUL character.
 * @example quoteLiteral("it's") // 'it''s'
 */
export function quoteLiteral(text: string): string {
  if (text.includes("\0")) throw new RangeError("a NUL character cannot be stored in PostgreSQL text");
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

/**
 * `base` + `suffix` if that fits into an identifier, else a shortened base with a digest, so that two long names
 * that differ only at their end stay two names.
 *
 * @example fitIdentifier("documents", "_tenant") // documents_tenant
 */
export function fitIdentifier(base: string, suffix: string): string {
  const whole = `${base}${suffix}`;
  if (Buffer.byteLength(whole) <= MAX_IDENTIFIER_BYTES) return whole;
  const digest = `_${createHash("sha256").update(base).digest("hex").slice(0, 8)}`;
  const room = MAX_IDENTIFIER_BYTES - Buffer.byteLength(digest) - Buffer.byteLength(suffix);
  let kept = "";
  for (const character of base) {
    if (Buffer.byteLength(kept) + Buffer.byteLength(character) > room) break;
    kept += character;
  }
  return `${kept}${digest}${suffix}`;
}
