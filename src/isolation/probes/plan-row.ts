import { quoteIdentifier } from "../../core/identifiers.js";
import type { Condition, RowRequest } from "./column-choices.js";
import { castTo, columnChoices } from "./column-choices.js";
import { expressionParts } from "./expression-parts.js";
import type { ProbeSession } from "./probe-session.js";
import type { ShapeColumn, Shapes } from "./table-shape.js";

/** The columns to give and their SQL expressions, or why there are none. */
export type RowPlan =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly reason: string };

/** As many of them are enough. */
const MOST_VALID = 40;

/** Combinations of values that the server is asked to look through at once. */
const MOST_COMBINATIONS = 4_000;

/**
 * Chooses a value for every column that needs one. Conditions are not interpreted here: the server itself is asked for
 * the first combination of candidates that meets all of them.
 */
export async function planRow(session: ProbeSession, shapes: Shapes, request: RowRequest): Promise<RowPlan> {
  const { shape } = request;
  const generated = new Set(
    shape.columns.filter((column) => column.generated !== null).map(({ name }) => name),
  );
  const conditions: Condition[] = [
    ...shape.checks,
    ...request.conditions.map((expression) => ({ name: "the predicate", expression })),
  ]
    .map((check) => ({ ...check, parts: expressionParts(check.expression) }))
    // What the server computes is judged when it is.
    .filter(({ parts }) => !parts.columns.some((name) => generated.has(name)));
  const choices = columnChoices(shapes, request, conditions);
  const values = new Map<string, string>();
  for (const column of shape.columns) {
    const options = choices.get(column.name);
    if (options === undefined || request.fixed.has(column.name)) continue;
    if (hasChecks(shapes, column.type)) choices.set(column.name, await valid(session, options));
  }
  for (const [name, options] of choices) {
    const first = options[0];
    if (first === undefined) {
      const type = shape.columns.find((column) => column.name === name)?.sqlType;
      return { ok: false, reason: `no value of type ${type} could be made for column ${name}` };
    }
    values.set(name, first);
  }
  for (const group of groupConditions(conditions)) {
    const columns = shape.columns.filter(
      (column) => choices.has(column.name) && group.some(({ parts }) => parts.columns.includes(column.name)),
    );
    if (columns.length === 0) continue;
    const found = await solve(session, columns, choices, group);
    if (found === undefined) {
      const texts = group.map(({ name, expression }) => `${name}: ${expression}`);
      return { ok: false, reason: `no values were found for ${texts.join("; ")}` };
    }
    for (const column of columns) values.set(column.name, castTo(column, found[column.name] ?? null));
  }
  return { ok: true, values };
}

async function solve(
  session: ProbeSession,
  columns: readonly ShapeColumn[],
  choices: ReadonlyMap<string, readonly string[]>,
  group: readonly Condition[],
) {
  const share = Math.max(3, Math.floor(MOST_COMBINATIONS ** (1 / columns.length)));
  const optionsOf = async (isValid: boolean) => {
    const lists: (readonly string[])[] = [];
    for (const column of columns) {
      const options = choices.get(column.name) ?? [];
      lists.push((isValid ? await valid(session, options) : options).slice(0, Math.min(share, 400)));
    }
    return lists;
  };
  for (const isValid of [false, true]) {
    const options = await optionsOf(isValid);
    if (options.some((list) => list.length === 0)) return undefined;
    const answer = await session.tryOwner(searchQuery(columns, options, group));
    if (answer.ok) return answer.rows[0];
  }
  return undefined;
}

function searchQuery(
  columns: readonly ShapeColumn[],
  options: readonly (readonly string[])[],
  group: readonly Condition[],
): string {
  // Conditions name columns alone: what is added must be called like none of them.
  let place = "tenantry_order";
  while (columns.some(({ name }) => name.startsWith(place))) place += "_";
  const lists = columns.map((column, at) => {
    const rows = (options[at] ?? []).map((value, order) => `(${order}, ${value})`);
    return `(values ${rows.join(", ")}) as o${at}(${place}_${at}, ${quoteIdentifier(column.name)})`;
  });
  const texts = columns.map(({ name }) => `${quoteIdentifier(name)}::text as ${quoteIdentifier(name)}`);
  const where = group.map(({ expression }) => `(${expression}) is not false`);
  const order = columns.map((_, at) => `${place}_${at}`);
  return `select ${texts.join(", ")} from ${lists.join(" cross join ")}
where ${where.join(" and ")} order by ${order.join(" + ")} limit 1`;
}

/** True for domains with conditions, and for what is built from them. */
function hasChecks({ types }: Pick<Shapes, "types">, id: string | null): boolean {
  const type = id === null ? undefined : types.get(id);
  if (type === undefined) return false;
  const parts = [type.inner, ...type.attributes.map((attribute) => attribute.type)];
  return type.checks.length > 0 || parts.some((part) => hasChecks({ types }, part));
}

/** The expressions that the server can evaluate: one by one, since one that it cannot spoils the whole. */
async function valid(session: ProbeSession, options: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const option of options.slice(0, 120)) {
    if ((await session.tryOwner(`select ${option}`)).ok) kept.push(option);
    if (kept.length >= MOST_VALID) break;
  }
  return kept;
}

/** Conditions that share a column belong together. */
function groupConditions(conditions: readonly Condition[]): Condition[][] {
  const groups: Condition[][] = [];
  for (const condition of conditions) {
    const touching = groups.filter((group) =>
      group.some(({ parts }) => parts.columns.some((name) => condition.parts.columns.includes(name))),
    );
    for (const group of touching) groups.splice(groups.indexOf(group), 1);
    groups.push([...touching.flat(), condition]);
  }
  return groups;
}
