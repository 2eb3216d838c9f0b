import type { ColumnDef, Constraint, IndexElem, Node } from "libpg-query";
import { fitIdentifier } from "../../../core/identifiers.js";
import type { ParsedStatement } from "../parse-migration.js";
import type { KeyState, Reference, SchemaState, TableState } from "../schema-state.js";
import { stateKey, withEntry } from "../schema-state.js";
import { relationName, stringsOf } from "../syntax-names.js";

/** The table with a constraint more; `column` is the one beside which it is written, if it is. */
export function addConstraint(
  table: TableState,
  constraint: Constraint,
  column: string | undefined,
  state: SchemaState,
  statement: ParsedStatement,
): TableState {
  const listed = stringsOf(constraint.keys);
  const columns = listed.length === 0 && column !== undefined ? [column] : listed;
  switch (constraint.contype) {
    case "CONSTR_NOTNULL":
      return withoutNull(table, columns);
    case "CONSTR_IDENTITY":
      return withoutNull(table, column === undefined ? [] : [column]);
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE": {
      const kind = constraint.contype === "CONSTR_PRIMARY" ? "primary key" : "unique";
      const index = constraint.indexname === undefined ? undefined : table.keys.get(constraint.indexname);
      const of = index?.columns ?? columns;
      const name =
        constraint.conname ?? index?.name ?? keyName(table, kind === "unique" ? of : [], suffixOf(kind));
      const keys = index === undefined ? table.keys : withEntry(table.keys, index.name, undefined);
      const added = putKey({ ...table, keys }, { kind, name, columns: of, at: statement });
      return kind === "unique" ? added : withoutNull(added, of.filter(isNamed));
    }
    case "CONSTR_EXCLUSION": {
      const of = elementsOf(constraint.exclusions);
      const name = constraint.conname ?? keyName(table, of, suffixOf("exclusion"));
      return putKey(table, { kind: "exclusion", name, columns: of, at: statement });
    }
    case "CONSTR_FOREIGN":
      return addReference(table, constraint, column, state, statement);
    default:
      return table;
  }
}

/** The table with a column more, and with what is written beside it. */
export function addColumn(
  table: TableState,
  { colname = "", constraints, is_not_null }: ColumnDef,
  state: SchemaState,
  statement: ParsedStatement,
): TableState {
  const isNullable = is_not_null !== true;
  const fresh = isNullable ? { ...table, nullable: new Set([...table.nullable, colname]) } : table;
  return (constraints ?? []).reduce(
    (so, node) => ("Constraint" in node ? addConstraint(so, node.Constraint, colname, state, statement) : so),
    fresh,
  );
}

/** The table with a unique index more. */
export function addUniqueIndex(
  table: TableState,
  name: string | undefined,
  elements: readonly Node[] | undefined,
  at: ParsedStatement,
): TableState {
  const columns = columnsOf(elements);
  return putKey(table, { kind: "unique", name: name ?? keyName(table, columns, "_idx"), columns, at });
}

/** The table without null in these columns. */
export function withoutNull(table: TableState, columns: readonly string[]): TableState {
  if (!columns.some((column) => table.nullable.has(column))) return table;
  return { ...table, nullable: new Set([...table.nullable].filter((column) => !columns.includes(column))) };
}

/** Puts a key in the place of what stood under its name. */
function putKey(table: TableState, key: Omit<KeyState, "reference"> & Partial<KeyState>): TableState {
  return { ...table, keys: withEntry(table.keys, key.name, { reference: undefined, ...key }) };
}

function addReference(
  table: TableState,
  constraint: Constraint,
  column: string | undefined,
  state: SchemaState,
  at: ParsedStatement,
): TableState {
  const columns = column === undefined ? stringsOf(constraint.fk_attrs) : [column];
  const { schema, name: bare } = relationName(constraint.pktable, state);
  // A table may refer to itself, while it is being made.
  const isOwn = schema === table.schema && bare === table.name;
  const parent = isOwn ? table : state.tables.get(stateKey(schema, bare));
  const named = stringsOf(constraint.pk_attrs);
  const primary = [...(parent?.keys.values() ?? [])].find(({ kind }) => kind === "primary key");
  const name = constraint.conname ?? keyName(table, columns, suffixOf("foreign key"));
  const reference: Reference = {
    table: parent?.id,
    columns: named.length > 0 ? named : (primary?.columns ?? []).filter(isNamed),
    cleared: clearedBy(constraint, columns),
  };
  return putKey(table, { kind: "foreign key", name, columns, reference, at });
}

/** `n` is SET NULL, `d` is SET DEFAULT; only the one for DELETE can name columns. */
function clearedBy(constraint: Constraint, columns: readonly string[]): readonly string[] {
  const sets = (action: string | undefined) => action === "n" || action === "d";
  if (sets(constraint.fk_upd_action)) return columns;
  if (!sets(constraint.fk_del_action)) return [];
  const some = stringsOf(constraint.fk_del_set_cols);
  return some.length > 0 ? some : columns;
}

/** An exclusion constraint lists pairs of an element and its operator. */
function elementsOf(exclusions: readonly Node[] | undefined): (string | undefined)[] {
  return (exclusions ?? []).flatMap((pair) => {
    const items = "List" in pair ? (pair.List.items ?? []) : [];
    const [element, operator] = items;
    const names = operator !== undefined && "List" in operator ? stringsOf(operator.List.items) : [];
    // By any other operator than equality a column does not keep tenants apart.
    return columnsOf(element === undefined ? [] : [element]).map((column) =>
      names.at(-1) === "=" ? column : undefined,
    );
  });
}

function columnsOf(elements: readonly Node[] | undefined): (string | undefined)[] {
  return (elements ?? []).flatMap((node) => ("IndexElem" in node ? [columnOf(node.IndexElem)] : []));
}

function columnOf({ name, expr }: IndexElem): string | undefined {
  return expr === undefined ? name : undefined;
}

function isNamed(column: string | undefined): column is string {
  return column !== undefined;
}

function suffixOf(kind: KeyState["kind"]): string {
  return { "primary key": "_pkey", unique: "_key", exclusion: "_excl", "foreign key": "_fkey" }[kind];
}

/** The name that PostgreSQL gives, as good as it can be known here. */
function keyName(table: TableState, columns: readonly (string | undefined)[], suffix: string): string {
  const base = [table.name, ...columns.map((column) => column ?? "expr")].join("_");
  const taken = (name: string) => table.keys.has(name);
  let name = fitIdentifier(base, suffix);
  for (let number = 1; taken(name); number += 1) name = fitIdentifier(base, `${suffix}${number}`);
  return name;
}
