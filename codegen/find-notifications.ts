import type { ts } from "ts-morph";
import { isSentText, lastName } from "./sent-texts.js";
import type { SourceFile } from "./source-file.js";
import { loadSyntax } from "./syntax.js";

/** A NOTIFY, and what stands in its payload that is no constant: expressions of TypeScript, or names of columns. */
export type Notification = {
  readonly node: ts.Node;
  readonly payload: readonly (ts.Expression | string)[];
};

/** Where a file notifies: `pg_notify(channel, payload)` or NOTIFY in SQL, and `.notify(channel, payload)` of postgres.js. */
export function findNotifications({ source }: SourceFile): Notification[] {
  const { ts } = loadSyntax();
  const found: Notification[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isClientNotify(node)) {
      const payload = node.arguments[1];
      if (payload !== undefined) found.push({ node, payload: [payload] });
    } else if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const payload = payloadOf(node);
      if (payload !== undefined) found.push({ node, payload });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Many things notify: a client of PostgreSQL is told by a channel that is a text and exactly one payload. */
function isClientNotify(call: ts.CallExpression): boolean {
  const { ts } = loadSyntax();
  const [channel, payload, ...more] = call.arguments;
  if (!ts.isPropertyAccessExpression(call.expression) || call.expression.name.text !== "notify") return false;
  const isClient = /^(sql|db|pg|database|postgres|connection|tx)$/i.test(
    lastName(call.expression.expression),
  );
  return (
    isClient &&
    channel !== undefined &&
    ts.isStringLiteralLike(channel) &&
    payload !== undefined &&
    more.length === 0
  );
}

/** What is filled in is a numbered mark, so that it can be found again. */
function payloadOf(node: ts.StringLiteralLike | ts.TemplateExpression): Notification["payload"] | undefined {
  const { ts } = loadSyntax();
  const spans = ts.isTemplateExpression(node) ? [...node.templateSpans] : [];
  const head = ts.isTemplateExpression(node) ? node.head.text : node.text;
  const text = [head, ...spans.map(({ literal }, index) => `⟦${index}⟧${literal.text}`)].join("");
  const sent = ts.isTaggedTemplateExpression(node.parent) ? isSentText(node) : true;
  const argument = sent ? argumentOf(text) : undefined;
  if (argument === undefined) return undefined;
  const filled = [...argument.matchAll(/⟦(\d+)⟧/g)].flatMap(
    ([, index]) => spans[Number(index)]?.expression ?? [],
  );
  const bare = argument
    .replace(/'(?:[^']|'')*'/g, " ")
    .replace(/⟦\d+⟧/g, " ")
    .replace(/::\s*\w+/g, " ");
  const names = [...bare.matchAll(/(?:[a-z_"][\w$"]*\.)*"?([a-z_][\w$]*)"?(?!\s*\()/gi)].flatMap(
    ([, name]) => (name === undefined || /^(as|text|json|jsonb|null)$/i.test(name) ? [] : [name]),
  );
  return [...filled, ...names];
}

/** The SQL of the payload. */
function argumentOf(text: string): string | undefined {
  const statement = /(?:^|;)\s*notify\s+(?:"[^"]+"|[\w⟦⟧]+)\s*,([^;]*)/i.exec(text)?.[1];
  if (statement !== undefined) return statement;
  const start = /\bpg_notify\s*\(/i.exec(text);
  if (start === null) return undefined;
  const rest = text.slice(start.index + start[0].length);
  let depth = 0;
  let comma: number | undefined;
  let quoted = false;
  for (const [index, letter] of [...rest].entries()) {
    if (letter === "'") quoted = !quoted;
    if (quoted) continue;
    if (letter === "(") depth += 1;
    if (letter === ")" && depth === 0) return comma === undefined ? undefined : rest.slice(comma + 1, index);
    if (letter === ")") depth -= 1;
    if (letter === "," && depth === 0 && comma === undefined) comma = index;
  }
  return undefined;
}
