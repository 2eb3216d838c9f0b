import type { DefElem, Node } from "libpg-query";
import { stringsOf, valueText } from "../syntax-names.js";

/** What stands between the quotes of a DO block or of CREATE FUNCTION, and the language in which it is written. */
export type Body = {
  readonly kind: "a DO block" | "a function";
  readonly language: string;
  readonly text: string;
  /** The statements of a body without quotes, BEGIN ATOMIC or RETURN. */
  readonly parsed: readonly Node[];
};

/** The body of a statement that has one. */
export function readBody(node: Node): Body | undefined {
  if ("DoStmt" in node) {
    const options = elements(node.DoStmt.args);
    return { kind: "a DO block", ...readOptions(options, "plpgsql"), parsed: [] };
  }
  if (!("CreateFunctionStmt" in node)) return undefined;
  const { options, sql_body } = node.CreateFunctionStmt;
  return {
    kind: "a function",
    ...readOptions(elements(options), "sql"),
    parsed: sql_body === undefined ? [] : [sql_body],
  };
}

function readOptions(options: readonly DefElem[], fallback: string): Pick<Body, "language" | "text"> {
  const language = options.find(({ defname }) => defname === "language");
  const text = options
    .filter(({ defname }) => defname === "as")
    .flatMap(({ arg }) => (arg === undefined ? [] : stringsOf("List" in arg ? arg.List.items : [arg])));
  return {
    language: language === undefined ? fallback : valueText(language.arg).toLowerCase(),
    text: text.join("\n"),
  };
}

function elements(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).flatMap((node) => ("DefElem" in node ? [node.DefElem] : []));
}
