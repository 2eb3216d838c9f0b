import type { Node } from "libpg-query";
import { parseSync } from "libpg-query";
import { z } from "zod";
import { stringsOf } from "../../sql/syntax-names.js";
import { isRecord, walkSyntax } from "../../sql/walk-syntax.js";
import type { Shapes } from "../table-shape.js";
import { shapeKey } from "../table-shape.js";
import type { View } from "./list-views.js";

/**
 * What a view asks of the rows of each table that it reads, as conditions over that table's columns, by the table's key.
 * What ties tables together is left out, and what asks other rows. The parser must have been loaded.
 */
export function viewConditions(
  { definition, sources }: Pick<View, "definition" | "sources">,
  { tables }: Shapes,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  if (definition === null) return found;
  const read = sources.flatMap((key) => tables.get(key) ?? []);
  const aliases = readAliases(definition);
  const keyOf = (alias: string | undefined) => {
    // A view of one table names its columns without it.
    if (alias === undefined) return aliases.size === 1 && read.length === 1 ? read[0]?.key : undefined;
    const place = aliases.get(alias);
    const known = read.filter(({ name }) => name === place?.name);
    return place?.schema === undefined
      ? known.length === 1
        ? known[0]?.key
        : undefined
      : shapeKey(place.schema, place.name);
  };
  for (const text of splitConditions(readWhere(definition))) {
    const columns = readColumns(text);
    const [key, ...others] = new Set(columns?.map(({ alias }) => keyOf(alias)));
    if (columns === undefined || key === undefined || others.length > 0) continue;
    // A row for which it is not known is not shown.
    found.set(key, [...(found.get(key) ?? []), `(${withoutAliases(text, columns)}) is true`]);
  }
  return found;
}

const relation = z.object({
  schemaname: z.string().optional(),
  relname: z.string(),
  alias: z.object({ aliasname: z.string() }).optional(),
});

type Aliases = ReadonlyMap<string, { readonly schema: string | undefined; readonly name: string }>;

function readAliases(definition: string): Aliases {
  const aliases = new Map<string, { schema: string | undefined; name: string }>();
  walkSyntax(parse(definition), ({ kind, fields }) => {
    const { data } = relation.safeParse(kind === "RangeVar" ? fields : undefined);
    if (data !== undefined)
      aliases.set(data.alias?.aliasname ?? data.relname, { schema: data.schemaname, name: data.relname });
    return true;
  });
  return aliases;
}

/** The longest text behind the first WHERE that is an expression: it ends with a line, or with a query in brackets. */
function readWhere(definition: string): string {
  const from = /\sWHERE\s/.exec(definition);
  if (from === null) return "";
  const text = definition.slice(from.index + from[0].length).replace(/;\s*$/, "");
  const ends = [...text.matchAll(/\n|\)/g)].map(({ index }) => index).reverse();
  const end = [text.length, ...ends].find((at) => isExpression(text.slice(0, at)));
  return text.slice(0, end ?? 0);
}

/** The parts of a condition that hold together: `a between 1 and 2` is one. */
function splitConditions(text: string): string[] {
  const parts: string[] = [];
  let left = "";
  for (const piece of text.split(/\sAND\s/)) {
    left = left === "" ? piece : `${left} AND ${piece}`;
    if (!isExpression(left) || /\bBETWEEN\b(?![\s\S]*\sAND\s)/i.test(left)) continue;
    parts.push(left);
    left = "";
  }
  return left === "" ? parts : [];
}

type Column = { readonly alias: string | undefined; readonly start: number };
const columnRef = z.object({
  fields: z.array(z.custom<Node>((value) => isRecord(value) && "String" in value)),
  location: z.number().default(0),
});

/** The columns that an expression names; undefined if it asks other rows. */
function readColumns(text: string): Column[] | undefined {
  const columns: Column[] = [];
  let isPlain = true;
  walkSyntax(parse(`select ${text}`), ({ kind, fields }) => {
    if (kind === "SubLink") isPlain = false;
    const { data } = columnRef.safeParse(kind === "ColumnRef" ? fields : undefined);
    if (data !== undefined) {
      const names = stringsOf(data.fields);
      const before = Buffer.from(`select ${text}`).subarray(0, data.location).toString().length;
      columns.push({ alias: names.at(-2), start: before - "select ".length });
    }
    return true;
  });
  return isPlain && columns.length > 0 ? columns : undefined;
}

function withoutAliases(text: string, columns: readonly Column[]): string {
  return [...columns]
    .filter(({ alias }) => alias !== undefined)
    .sort((one, other) => other.start - one.start)
    .reduce(
      (left, { start }) =>
        left.slice(0, start) + left.slice(start).replace(/^("(?:[^"]|"")*"|[^.\s]+)\s*\.\s*/, ""),
      text,
    );
}

function isExpression(text: string): boolean {
  return text.trim() !== "" && parse(`select (${text})`) !== undefined;
}

function parse(sql: string): unknown {
  try {
    return parseSync(sql).stmts;
  } catch {
    return undefined;
  }
}
