import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { codeOf, messageOf } from "../../core/errors.js";

/** The SQL of a file, or why there is none. */
export type SqlReading =
  | { readonly sql: string; readonly hash: string; readonly isClean: boolean }
  | { readonly problem: string };

/**
 * Reads a file of SQL. drizzle-orm hashes the decoded text as it is, and so do we; a byte order mark is then left out of
 * the SQL, since the server takes it for a syntax error. Files are read one after the other, without the thread pool:
 * they are small, and a thousand of them take a quarter of the time.
 */
export function readSql(file: string): SqlReading {
  try {
    const bytes = readFileSync(file);
    if (bytes.includes(0)) return { problem: "holds NUL characters: it is not UTF-8, perhaps UTF-16" };
    const text = bytes.toString("utf8");
    return {
      sql: text.startsWith("\uFEFF") ? text.slice(1) : text,
      hash: createHash("sha256").update(text).digest("hex"),
      isClean: isUtf8(bytes),
    };
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === "ENOENT") return { problem: "is missing" };
    if (code === "EISDIR") return { problem: "is a folder" };
    if (code === "EACCES" || code === "EPERM") return { problem: "may not be read by this user" };
    return { problem: `cannot be read: ${messageOf(thrown)}` };
  }
}
