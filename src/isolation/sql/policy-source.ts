/** The two expressions of a CREATE or ALTER POLICY as they are written, without their parentheses. */
export type PolicySource = { readonly using: string | undefined; readonly check: string | undefined };

/**
 * What has to be passed over as a whole, and what counts: comments, strings, quoted names, dollar quotes, words and
 * parentheses. The parser's own scanner gives the same, in five milliseconds a statement.
 */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[()]/g;

/** Cuts the expressions out of a statement that has been parsed; the parser gives trees and no text. */
export function readPolicySource(statement: string): PolicySource {
  const found: { using: string | undefined; check: string | undefined } = {
    using: undefined,
    check: undefined,
  };
  let depth = 0;
  let word = "";
  let clause: "using" | "check" | undefined;
  let from = 0;
  for (const { 0: token, index } of statement.matchAll(TOKEN)) {
    if (token === "(") {
      if (depth === 0 && (word === "using" || word === "check")) {
        clause = word;
        from = index + 1;
      }
      depth += 1;
    } else if (token === ")") {
      depth -= 1;
      if (depth === 0 && clause !== undefined) {
        found[clause] = statement.slice(from, index);
        clause = undefined;
      }
    }
    if (!token.startsWith("--") && !token.startsWith("/*")) word = token.toLowerCase();
  }
  return found;
}
