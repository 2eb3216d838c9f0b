import type { ts } from "ts-morph";
import { loadSyntax } from "./syntax.js";

/** Functions that send their argument to the server, or mark it as SQL. */
const SENDING: ReadonlySet<string> = new Set(["execute", "query", "unsafe", "raw", "sql"]);

/** True if a string or a template is handed to the server as it stands: sql`…`, `.execute("…")`, `.unsafe("…")`. */
export function isSentText(node: ts.Node): boolean {
  const { ts } = loadSyntax();
  const { parent } = node;
  if (ts.isTaggedTemplateExpression(parent)) return SENDING.has(lastName(parent.tag));
  return (
    ts.isCallExpression(parent) && parent.arguments[0] === node && SENDING.has(lastName(parent.expression))
  );
}

/** `unsafe` of `this.db.unsafe`. */
export function lastName(node: ts.Node): string {
  const { ts } = loadSyntax();
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) ? node.name.text : "";
}
