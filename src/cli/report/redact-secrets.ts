const SECRETS: readonly (readonly [RegExp, string])[] = [
  // postgres://user:password@host, redis://:password@host
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@'"<>]*):[^\s@/'"<>]+@/gi, "$1:***@"],
  // ?password=…, and the parts of a libpq connection string
  [/\b(password|passwd|pwd|sslpassword)(\s*=\s*)('[^']*'|[^\s&;,'"]+)/gi, "$1$2***"],
  // create role … password '…'
  [/\b(password\s+)(e?'(?:[^']|'')*')/gi, "$1'***'"],
];

/**
 * A copy of plain data in which passwords of connection strings and of role statements are replaced, wherever a server, a
 * log or a file has brought them in.
 *
 * @example redactSecrets({ error: "no answer from postgres://me:secret@host/app" }).error // "no answer from postgres://me:***@host/app"
 */
export function redactSecrets<T>(value: T): T {
  // The shape stays what it was: only texts change, which no type of a report tells apart.
  return redact(value) as T;
}

function redact(value: unknown): unknown {
  if (typeof value === "string")
    return SECRETS.reduce((text, [pattern, shown]) => text.replace(pattern, shown), value);
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redact(each)]));
}
