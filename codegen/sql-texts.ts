import type { ts } from "ts-morph";
import type { SourceFile } from "./source-file.js";
import { loadSyntax } from "./syntax.js";

/** A string or a template of a source file; what a template fills in is a `?`. */
export type SqlText = { readonly text: string; readonly node: ts.Node };

/** Every string and template of a file. Which of them are SQL, the text itself has to tell. */
export function findTexts({ source }: SourceFile): SqlText[] {
  const { ts } = loadSyntax();
  const found: SqlText[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node)) found.push({ text: node.text, node });
    if (ts.isTemplateExpression(node)) {
      const rest = node.templateSpans.map(({ literal }) => `?${literal.text}`);
      found.push({ text: [node.head.text, ...rest].join(""), node });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
