import type { Node } from "libpg-query";
import { parseSync } from "libpg-query";
import { quoteIdentifier, quoteLiteral } from "../../../core/identifiers.js";
import { stringsOf, valueText } from "../syntax-names.js";

/** A text, as far as it is known before it is computed. */
export type FoldedText = {
  readonly text: string;
  /** True if all of it is known. */
  readonly known: boolean;
};

/** Stands where something is not known; no name of anything. */
export const HOLE = "\uFFFF";
const UNKNOWN: FoldedText = { text: HOLE, known: false };

/**
 * The value of an expression that makes a text out of constants: `||`, `format`, `concat`, `quote_ident`,
 * `quote_literal`, and variables that keep their value.
 */
export function foldText(expression: string, constants: ReadonlyMap<string, string>, depth = 0): FoldedText {
  try {
    const [statement] = parseSync(`select ${expression}`).stmts ?? [];
    const select = statement?.stmt;
    const [target] =
      select !== undefined && "SelectStmt" in select ? (select.SelectStmt.targetList ?? []) : [];
    const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
    return value === undefined ? UNKNOWN : fold(value, constants, depth);
  } catch {
    return UNKNOWN;
  }
}

function fold(node: Node, constants: ReadonlyMap<string, string>, depth: number): FoldedText {
  const folded = (one: Node) => fold(one, constants, depth);
  if ("A_Const" in node) {
    return node.A_Const.isnull === true ? UNKNOWN : { text: valueText(node), known: true };
  }
  if ("TypeCast" in node && node.TypeCast.arg !== undefined) return folded(node.TypeCast.arg);
  if ("A_Expr" in node && stringsOf(node.A_Expr.name).at(-1) === "||") {
    const { lexpr, rexpr } = node.A_Expr;
    return lexpr === undefined || rexpr === undefined ? UNKNOWN : join([folded(lexpr), folded(rexpr)]);
  }
  if ("ColumnRef" in node) {
    const names = stringsOf(node.ColumnRef.fields);
    const value = names.length === 1 ? constants.get(names[0] ?? "") : undefined;
    // A variable may be declared with another, but not without end.
    return value === undefined || depth > 5 ? UNKNOWN : foldText(value, constants, depth + 1);
  }
  return "FuncCall" in node ? foldCall(node.FuncCall, folded) : UNKNOWN;
}

type Call = Extract<Node, { FuncCall: unknown }>["FuncCall"];

function foldCall({ funcname, args }: Call, folded: (node: Node) => FoldedText): FoldedText {
  const values = (args ?? []).map(folded);
  const [first = UNKNOWN, ...others] = values;
  switch (stringsOf(funcname).at(-1)) {
    case "format":
      return format(first, others);
    case "concat":
      return join(values);
    case "lower":
      return { ...first, text: first.text.toLowerCase() };
    case "upper":
      return { ...first, text: first.text.toUpperCase() };
    case "quote_ident":
      return quoteWith(first, quoteIdentifier);
    case "quote_literal":
      return quoteWith(first, quoteLiteral);
    default:
      return { text: `${HOLE}${values.map(({ text }) => text).join("")}`, known: false };
  }
}

/** `%I`, `%L` and `%s`, with or without a position. */
function format(template: FoldedText, values: readonly FoldedText[]): FoldedText {
  let next = 0;
  let known = template.known;
  const text = template.text.replaceAll(
    /%(?:%|(?:(\d+)\$)?-?\d*([sIL]))/g,
    (all: string, position: string | undefined, kind: string | undefined) => {
      if (all === "%%" || kind === undefined) return "%";
      if (position !== undefined) next = Number(position) - 1;
      const value = values[next] ?? UNKNOWN;
      next += 1;
      known &&= value.known;
      if (kind === "s") return value.text;
      return quoteWith(value, kind === "I" ? quoteIdentifier : quoteLiteral).text;
    },
  );
  return { text, known };
}

function quoteWith(value: FoldedText, quote: (text: string) => string): FoldedText {
  return value.text.includes("\0") || value.text === "" ? value : { ...value, text: quote(value.text) };
}

function join(parts: readonly FoldedText[]): FoldedText {
  return { text: parts.map(({ text }) => text).join(""), known: parts.every(({ known }) => known) };
}
