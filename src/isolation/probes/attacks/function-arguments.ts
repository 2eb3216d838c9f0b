import { quoteLiteral } from "../../../core/identifiers.js";
import { isTenantTarget, type ProbeWorld } from "../probe.js";
import type { TenantRows } from "../tenant-rows.js";
import { valueCandidates } from "../value-candidates.js";
import type { DefinerFunction, FunctionArgument } from "./list-functions.js";

/** Values that are tried for one argument, and combinations of them for one function and tenant. */
const MOST_VALUES = 12;
const MOST_CALLS = 16;

/** Finds everything in a search, and is no id. */
const EVERYTHING = ["%", ""];

/**
 * Lists of arguments with which a tenant's rows may be asked for: its id, the values of its rows, those of columns that
 * are called like the argument first, and made-up ones.
 */
export function functionArguments(world: ProbeWorld, fn: DefinerFunction, tenant: TenantRows): string[] {
  const counts = [...new Set([fn.required, fn.arguments.length])];
  const lists = counts.flatMap((count) => {
    const values = fn.arguments.slice(0, count).map((argument) => valuesFor(world, argument, tenant));
    return combine(values).map((list) => {
      const last = fn.isVariadic && count === fn.arguments.length ? count - 1 : -1;
      return list.map((value, at) => (at === last ? `variadic ${value}` : value)).join(", ");
    });
  });
  return [...new Set(lists)];
}

function valuesFor(
  world: ProbeWorld,
  { name, type, sqlType }: FunctionArgument,
  tenant: TenantRows,
): string[] {
  const { shapes, targets, run } = world;
  const isArray = shapes.types.get(type)?.kind === "array";
  const wanted = isArray ? (shapes.types.get(type)?.inner ?? "") : type;
  const ofRows = targets.filter(isTenantTarget).flatMap(({ shape, declaration }) => {
    const row = tenant.rows.get(shape.key) ?? {};
    const fitting = shape.columns
      .filter((column) => isAlike(world, column.type, wanted))
      .map((column) => ({ value: row[column.name], rank: rankOf(name, shape.name, column.name) }));
    const isDocument = /^jsonb?$/.test(sqlType);
    const ownId = { value: tenant.id, rank: rankOf(name, "tenant", declaration.tenantColumn ?? "") - 0.5 };
    return [
      ...(shape.columns.some(
        (column) => column.name === declaration.tenantColumn && isAlike(world, column.type, wanted),
      )
        ? [ownId]
        : []),
      ...fitting,
      ...(isDocument ? [{ value: JSON.stringify(row), rank: 2 }] : []),
    ];
  });
  const known = ofRows
    .filter((one): one is { value: string; rank: number } => typeof one.value === "string")
    .sort((one, other) => one.rank - other.rank)
    .map(({ value }) => value);
  const made = valueCandidates(shapes, { type: wanted, modifier: -1, hints: [], seed: 1, run }).slice(0, 3);
  const isText = shapes.types.get(wanted)?.category === "S";
  const values = [...new Set([...known.slice(0, MOST_VALUES), ...(isText ? EVERYTHING : []), ...made])];
  if (values.length === 0) return [`cast(null as ${sqlType})`];
  return values.map((value) => {
    const text = isArray ? `{"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"}` : value;
    return `cast(${quoteLiteral(text)} as ${sqlType})`;
  });
}

/** The same type, or one that reads the same text. */
function isAlike({ shapes }: ProbeWorld, one: string, other: string): boolean {
  if (one === other) return true;
  const [left, right] = [shapes.types.get(one), shapes.types.get(other)];
  return (
    left?.kind === "base" &&
    right?.kind === "base" &&
    left.category === right.category &&
    /^[SN]$/.test(left.category)
  );
}

/** Less is likelier: `p_slug` means the column `slug`, `document_id` the id of `documents`. */
function rankOf(argument: string, table: string, column: string): number {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/^(p|in|v|arg)?_+/, "")
      .replaceAll(/[^\p{L}\p{N}]/gu, "");
  const [wanted, own] = [plain(argument), plain(column)];
  if (wanted === "") return 1;
  if (wanted === own || wanted === plain(table) + own || `${wanted}s` === `${plain(table)}${own}`) return 0;
  return wanted.endsWith(own) || own.endsWith(wanted) ? 0.75 : 1.5;
}

/** Combinations, those of likely values first. */
function combine(lists: readonly (readonly string[])[]): string[][] {
  let all: { readonly list: string[]; readonly cost: number }[] = [{ list: [], cost: 0 }];
  for (const values of lists) {
    all = all
      .flatMap(({ list, cost }) => values.map((value, at) => ({ list: [...list, value], cost: cost + at })))
      .sort((one, other) => one.cost - other.cost)
      .slice(0, MOST_CALLS);
  }
  return all.map(({ list }) => list);
}
