import type { TenancySettings } from "../src/core/tenancy-settings.js";

/** How a piece of SQL sets the tenant context: for the whole session, or for the transaction. */
export type ContextWrite = "session" | "transaction";

/**
 * Says whether a text is SQL that sets the context. Read by its shape and not by a parser, since it may be a part of a
 * statement, with values yet to be filled in.
 *
 * @example writesContext("select set_config('app.creator_id', ?, false)", settings) // "session"
 */
export function writesContext(text: string, { setting }: TenancySettings): ContextWrite | undefined {
  if (!/set/i.test(text)) return undefined;
  const sql = text.replace(/--[^\n]*/g, " ").replace(/\/\*[\s\S]*?\*\//g, " ");
  const name = `"?${setting.replaceAll(".", '"?\\."?')}"?`;
  const statement = new RegExp(
    `(?:^|;|\\brole\\s+\\S+\\s)\\s*(?:set|reset)\\s+(local\\s+|session\\s+)?${name}(?=\\s|=|;|$)`,
    "i",
  );
  const found = statement.exec(sql);
  if (found !== null) return found[1]?.trim().toLowerCase() === "local" ? "transaction" : "session";
  for (const [, first = "", last = ""] of sql.matchAll(
    /\bset_config\s*\(\s*([^,]+),[\s\S]*?,\s*([^,()]+?)\s*\)/gi,
  )) {
    const named = /^e?'([^']*)'/i.exec(first.trim())?.[1];
    if (named !== undefined && named.toLowerCase() !== setting.toLowerCase()) continue;
    // A name that is filled in may be any setting; only the session-wide form is then worth a word.
    const session = /^'?(false|f|off|no|0)'?$/i.test(last);
    if (named === undefined && !(session && first.trim() === "?")) continue;
    return session ? "session" : "transaction";
  }
  return undefined;
}
