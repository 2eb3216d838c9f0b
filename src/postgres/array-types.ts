import { z } from "zod";
import type { Database } from "./connect.js";

/**
 * A query's expression for what {@link teachArrayTypes} takes: pairs of a type and the type of its arrays. The same that
 * postgres.js asks for by itself, if it is let; but then nobody can catch what it throws when the connection is cut in that
 * moment, and the process ends with a stack.
 */
export const ARRAY_TYPES_SQL = `(select json_agg(json_build_array(element.oid::bigint, element.typarray::bigint))
  from pg_catalog.pg_type element where element.typarray <> 0)`;

const pairs = z.array(z.tuple([z.number(), z.number()]));

/** Has postgres.js read and write arrays of every type of the server, as it does those of its own knowledge. */
export function teachArrayTypes({ options }: Pick<Database, "options">, found: unknown): void {
  for (const [element, array] of pairs.parse(found)) {
    const parse = options.parsers[element];
    const serialize = options.serializers[element];
    options.parsers[array] ??= (text: string) => parseArray(text, array === BOX_ARRAY ? ";" : ",", parse);
    options.serializers[array] ??= (value: unknown) =>
      serializeArray(value, array === BOX_ARRAY ? ";" : ",", serialize);
  }
}

/** Boxes have commas of their own. */
const BOX_ARRAY = 1020;

/**
 * An array as PostgreSQL writes it (pure): `{1,NULL,"a \"b\"",{…}}`, with or without its bounds in front.
 *
 * @param parse makes a value of an element's text; without it the text is the value.
 */
function parseArray(text: string, delimiter: string, parse?: (text: string) => unknown): unknown[] {
  let at = text.indexOf("{");
  const readList = (): unknown[] => {
    const list: unknown[] = [];
    at += 1;
    while (at < text.length && text[at] !== "}") {
      if (text[at] === delimiter) at += 1;
      else if (text[at] === "{") list.push(readList());
      else list.push(readElement());
    }
    at += 1;
    return list;
  };
  const readElement = (): unknown => {
    let value = "";
    const isQuoted = text[at] === '"';
    if (isQuoted) at += 1;
    while (at < text.length && (isQuoted ? text[at] !== '"' : text[at] !== delimiter && text[at] !== "}")) {
      if (text[at] === "\\") at += 1;
      value += text[at] ?? "";
      at += 1;
    }
    if (isQuoted) at += 1;
    if (!isQuoted && value === "NULL") return null;
    return parse === undefined ? value : parse(value);
  };
  return at < 0 ? [] : readList();
}

/** An array as PostgreSQL reads it (pure); what is no array, such as an array's text, stays. */
function serializeArray(
  value: unknown,
  delimiter: string,
  serialize: ((value: unknown) => unknown) | undefined,
): unknown {
  if (!Array.isArray(value)) return value;
  const elements = value.map((element: unknown) => {
    if (element === null || element === undefined) return "NULL";
    if (Array.isArray(element)) return String(serializeArray(element, delimiter, serialize));
    const text = String(serialize === undefined ? element : serialize(element));
    return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
  });
  return `{${elements.join(delimiter)}}`;
}
