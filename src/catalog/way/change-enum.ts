import { z } from "zod";
import { quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import type { BuildableFact } from "./fact-statements.js";

const labelsSchema = z.array(z.string());
const columnSchema = z.object({ type: z.string(), default: z.string().nullable() });

/**
 * The SQL that gives an enum other labels. A label that goes, or another order, needs a new type: PostgreSQL cannot take
 * a label away. Rows that hold one that goes make it fail.
 *
 * @param place the type, qualified and quoted.
 * @param facts of the database that is to be changed.
 */
export function changeEnum(
  place: string,
  from: string,
  to: string,
  facts: readonly BuildableFact[],
): string[] {
  const [before, after] = [parseLabels(from), parseLabels(to)];
  if (keepsLabels(before, after)) {
    return after.flatMap((label, index) => {
      if (before.includes(label)) return [];
      const previous = after[index - 1];
      const where =
        previous === undefined
          ? before[0] === undefined
            ? ""
            : ` before ${quoteLiteral(before[0]).trim()}`
          : ` after ${quoteLiteral(previous).trim()}`;
      return [`alter type ${place} add value ${quoteLiteral(label).trim()}${where}`];
    });
  }
  return remake(place, after, facts);
}

/** The tables whose columns get another type when an enum gets other labels; none if those that it has only become more. */
export function tablesRetypedByEnum(
  place: string,
  from: string,
  to: string,
  facts: readonly BuildableFact[],
): string[] {
  if (keepsLabels(parseLabels(from), parseLabels(to))) return [];
  return columnsOfEnum(place, facts).map(({ within }) => within);
}

function parseLabels(text: string): string[] {
  return labelsSchema.parse(JSON.parse(text));
}

function keepsLabels(before: readonly string[], after: readonly string[]): boolean {
  const kept = after.filter((label) => before.includes(label));
  return kept.length === before.length && kept.every((label, index) => label === before[index]);
}

function columnsOfEnum(place: string, facts: readonly BuildableFact[]) {
  const plain = splitPlace(place).map(quoteUnlessPlain).join(".");
  return facts.flatMap(({ key, value, within }) => {
    if (!key.startsWith("column ") || within === undefined) return [];
    const { type, default: preset } = columnSchema.parse(JSON.parse(value));
    if (type !== plain && type !== `${plain}[]`) return [];
    const column = key.slice("column ".length + within.length + 1);
    return [{ within, column, preset, suffix: type === plain ? "" : "[]" }];
  });
}

function remake(place: string, labels: readonly string[], facts: readonly BuildableFact[]): string[] {
  const [schema = "", name = ""] = splitPlace(place);
  const old = quoteIdentifier(`${name}__before`.slice(0, 63));
  const columns = columnsOfEnum(place, facts).flatMap(({ within, column, preset, suffix }) => {
    const alter = `alter table ${within} alter column ${column}`;
    const change = `${alter} type ${place}${suffix} using ${column}::text${suffix}::${place}${suffix}`;
    return preset === null ? [change] : [`${alter} drop default`, change, `${alter} set default ${preset}`];
  });
  return [
    `alter type ${place} rename to ${old}`,
    `create type ${place} as enum (${labels.map((label) => quoteLiteral(label).trim()).join(", ")})`,
    ...columns,
    `drop type ${quoteIdentifier(schema)}.${old}`,
  ];
}

/** `"public"."a ""b"""` as its two names. */
function splitPlace(place: string): string[] {
  return [...place.matchAll(/"((?:[^"]|"")*)"/g)].map(([, part = ""]) => part.replaceAll('""', '"'));
}

/** As format_type() spells it. */
function quoteUnlessPlain(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdentifier(name);
}
