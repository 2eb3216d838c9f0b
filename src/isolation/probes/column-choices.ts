import { quoteLiteral } from "../../core/identifiers.js";
import type { ExpressionParts } from "./expression-parts.js";
import { expressionParts } from "./expression-parts.js";
import type { ShapeColumn, Shapes, TableShape } from "./table-shape.js";
import type { TenantRows } from "./tenant-rows.js";
import { valueCandidates } from "./value-candidates.js";

/** What a row is wanted for. */
export type RowRequest = {
  readonly shape: TableShape;
  /** The column that takes the tenant's id. */
  readonly tenantColumn: string | undefined;
  readonly tenant: TenantRows;
  /** Rows that belong to nobody, by the key of their table. */
  readonly shared: ReadonlyMap<string, Readonly<Record<string, string | null>>>;
  /** SQL expressions for columns that must have just these values. */
  readonly fixed: ReadonlyMap<string, string>;
  /** Further conditions that the row must meet. */
  readonly conditions: readonly string[];
  /** SQL expressions for columns, from the project. */
  readonly supplied: ReadonlyMap<string, string>;
  /** True to fill every column that can carry a telling value, also those that may be null or have a default. */
  readonly decorated: boolean;
  readonly seed: number;
  readonly run: string;
};

/** A condition with what it mentions. */
export type Condition = {
  readonly name: string;
  readonly expression: string;
  readonly parts: ExpressionParts;
};

/** A value as an SQL expression of the column's type. */
export function castTo(column: ShapeColumn, text: string | null): string {
  return `cast(${text === null ? "null" : quoteLiteral(text)} as ${column.sqlType})`;
}

/**
 * For each column that must be given, the expressions to choose from, the best first. Columns that the server fills are
 * left to it, unless a condition names them.
 */
export function columnChoices(
  shapes: Shapes,
  request: RowRequest,
  conditions: readonly Condition[],
): Map<string, string[]> {
  const { shape, fixed, supplied, decorated } = request;
  const references = referenceValues(shapes, request);
  const inKeys = new Set(
    shape.keys.flatMap((key) => key.parts.flatMap((part) => expressionParts(part).columns)),
  );
  const choices = new Map<string, string[]>();
  for (const column of shape.columns) {
    const domain = shapes.types.get(column.type);
    const notNull = column.notNull || domain?.notNull === true;
    const hints = conditions
      .filter(({ parts }) => parts.columns.includes(column.name))
      .map(({ parts }) => parts);
    const given = fixed.get(column.name);
    const reference = references.get(column.name);
    const fromProject = supplied.get(column.name);
    const marked = decorated && carriesMarkers(shapes, column.type);
    if (given !== undefined) {
      choices.set(column.name, [given]);
    } else if (column.name === request.tenantColumn && column.generated === null) {
      choices.set(column.name, [castTo(column, request.tenant.id)]);
    } else if (fromProject !== undefined) {
      choices.set(column.name, [fromProject]);
    } else if (column.generated !== null) {
    } else if (reference !== undefined) {
      choices.set(column.name, [castTo(column, reference), ...(notNull ? [] : [castTo(column, null)])]);
    } else if (column.identity !== "") {
    } else if (
      marked ||
      hints.length > 0 ||
      (notNull && column.default === null) ||
      inKeys.has(column.name)
    ) {
      if (column.default !== null && hints.length === 0 && !marked) continue;
      const made = valueCandidates(shapes, {
        type: column.type,
        modifier: column.modifier,
        hints,
        seed: request.seed,
        run: request.run,
      }).map((text) => castTo(column, text));
      const first = column.default === null ? [] : [`cast(${column.default} as ${column.sqlType})`];
      const nothing = notNull ? [] : [castTo(column, null)];
      const rarely = inKeys.has(column.name);
      if (marked) choices.set(column.name, [...made, ...first, ...nothing]);
      else
        choices.set(column.name, rarely ? [...first, ...made, ...nothing] : [...nothing, ...first, ...made]);
    }
  }
  return choices;
}

/** Types whose values tell one row from all others: not a boolean, an enum, or a time. */
function carriesMarkers(shapes: Shapes, id: string): boolean {
  const type = shapes.types.get(id);
  if (type === undefined) return false;
  if (type.kind === "domain" || type.kind === "array") return carriesMarkers(shapes, type.inner ?? "");
  if (type.kind !== "base" || type.internal === "char") return false;
  return ["S", "N"].includes(type.category) || TELLING.has(type.internal);
}

const TELLING: ReadonlySet<string> = new Set(["json", "jsonb", "bytea", "uuid", "inet", "xml", "hstore"]);

/** The values of foreign keys' columns, from the rows that are there, or planned for rows to come. */
function referenceValues(shapes: Shapes, request: RowRequest): Map<string, string> {
  const { shape, tenant, shared } = request;
  const values = new Map<string, string>();
  for (const reference of shape.references) {
    const parent = tenant.rows.get(reference.foreignTable) ?? shared.get(reference.foreignTable);
    const columns = reference.columns.map((name) => shape.columns.find((column) => column.name === name));
    const isNeeded = columns.every((column) => column?.notNull === true);
    const canWait = reference.deferrable || reference.foreignTable === shape.key;
    if (parent === undefined && !(isNeeded && canWait)) continue;
    reference.columns.forEach((name, position) => {
      const foreign = reference.foreignColumns[position] ?? "";
      const value = parent?.[foreign] ?? planAhead(shapes, request, reference.foreignTable, foreign);
      if (value !== undefined && !values.has(name)) values.set(name, value);
    });
  }
  for (const [name, value] of tenant.planned.get(shape.key) ?? []) values.set(name, value);
  return values;
}

/** Fixes a value of a row that is made later, for a reference that is checked later, or to the row itself. */
function planAhead(shapes: Shapes, request: RowRequest, table: string, name: string): string | undefined {
  const { tenant } = request;
  const column = shapes.tables.get(table)?.columns.find((each) => each.name === name);
  if (column === undefined) return undefined;
  if (name === request.tenantColumn) return tenant.id;
  const planned = tenant.planned.get(table) ?? new Map<string, string>();
  tenant.planned.set(table, planned);
  const value =
    planned.get(name) ??
    valueCandidates(shapes, { ...column, hints: [], seed: request.seed, run: request.run })[0];
  if (value !== undefined) planned.set(name, value);
  return value;
}
