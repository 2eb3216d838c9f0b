import { isSentText } from "../sent-texts.js";
import type { SqlText } from "../sql-texts.js";
import { serviceTextRule } from "./service-text-rule.js";

const START = String.raw`(?:^|;)\s*`;
const HELD = new RegExp(
  `${START}declare\\s+(?:"[^"]+"|[\\w?]+)\\s[^;]*?\\bcursor\\s+with\\s+hold\\s+for\\b`,
  "i",
);
const TEMPORARY = new RegExp(
  `${START}create\\s+(?:or\\s+replace\\s+)?(?:(?:global|local)\\s+)?temp(?:orary)?\\s+(?:recursive\\s+)?(table|view|sequence)\\b[^;]*`,
  "i",
);
const INTO_TEMPORARY = new RegExp(
  `${START}(?:with\\b[^;]*?\\b)?select\\b[^;]*?\\binto\\s+(?:local\\s+|global\\s+)?temp(?:orary)?\\s+(?:table\\s+)?["\\w?]`,
  "i",
);
const LISTEN = /^\s*listen\s+(?:"[^"]+"|[a-z_?][\w$]*)\s*;?\s*$/i;

/** What a session keeps when the transaction ends: the next tenant on the pooled connection finds it. */
export const outlivesTransaction = serviceTextRule("outlives-transaction", [33], (text) => {
  const what = findKept(text);
  if (what === undefined) return undefined;
  return {
    level: "error",
    detail: `${what.kept} outlives the transaction and meets the next tenant on the pooled connection`,
    fix: what.fix,
  };
});

function findKept({ text, node }: SqlText): { readonly kept: string; readonly fix: string } | undefined {
  const sql = text.replace(/--[^\n]*/g, " ").replace(/\/\*[\s\S]*?\*\//g, " ");
  if (HELD.test(sql))
    return { kept: "a cursor with hold", fix: "Leave WITH HOLD out, and read it to its end." };
  const made = TEMPORARY.exec(sql);
  if (made !== null && !/\bon\s+commit\s+drop\b/i.test(made[0])) {
    const isTable = made[1]?.toLowerCase() === "table";
    return {
      kept: `a temporary ${made[1]?.toLowerCase()}`,
      fix: isTable
        ? "Add on commit drop, or use a common table expression."
        : "Use a common table expression.",
    };
  }
  // Also words of English: only where they are sent to the server.
  if (INTO_TEMPORARY.test(sql) && isSentText(node))
    return { kept: "a temporary table", fix: "Write create temporary table … on commit drop as select …." };
  if (LISTEN.test(sql) && isSentText(node))
    return { kept: "a LISTEN", fix: "Listen on a connection of its own, outside the pool." };
  return undefined;
}
