import { createHash } from "node:crypto";
import type { Migration } from "../folder/migration.js";

/**
 * What became of a file after it was applied: `line-ends` if it is the same text with other line ends, another end of the
 * file, or a byte order mark; `unknown` if the ledger has no hash to compare with; else `content`.
 */
export type Edit = "line-ends" | "unknown" | "content";

/** Compares a file with the hash of what was applied (pure). The text that was applied is nowhere to be had. */
export function describeEdit({ sql }: Pick<Migration, "sql">, hash: string): Edit {
  if (!/^[0-9a-f]{64}$/.test(hash)) return "unknown";
  const lines = sql.replaceAll("\r\n", "\n");
  const bare = lines.replace(/\n+$/, "");
  const variants = [lines, bare, `${bare}\n`].flatMap((text) => {
    const both = [text, text.replaceAll("\n", "\r\n")];
    return [...both, ...both.map((one) => `\uFEFF${one}`)];
  });
  const isSame = [sql, ...variants].some((text) => createHash("sha256").update(text).digest("hex") === hash);
  return isSame ? "line-ends" : "content";
}
