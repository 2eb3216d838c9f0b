import type { Node, RangeVar } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import { resolveReads } from "../read-relations.js";
import type { Origin, SchemaState, TableState } from "../schema-state.js";
import { stateKey, withEntry } from "../schema-state.js";
import { newRelationName, relationName } from "../syntax-names.js";
import { addColumn, addConstraint } from "./add-constraint.js";
import type { Content, Effect } from "./effect.js";
import { addTable, newTable } from "./effect.js";

/** CREATE TABLE, PARTITION OF, INHERITS and LIKE among them. */
export const applyCreateTable: Effect<Content<"CreateStmt">> = (node, state, statement) => {
  const name = newRelationName(node.relation, state);
  if (isTemporary(node.relation)) return withTemporary(state, name);
  if (node.if_not_exists === true && exists(state, name)) return state;
  const parents = idsOf(node.inhRelations, state);
  const models = (node.tableElts ?? []).flatMap((element) =>
    "TableLikeClause" in element ? idsOf(wrap(element.TableLikeClause.relation), state) : [],
  );
  const origin: Origin =
    parents.length > 0
      ? { kind: "child", of: parents, at: statement }
      : models.length > 0
        ? { kind: "copy", of: models, at: statement }
        : { kind: "plain" };
  const fresh = newTable(state, name, { createdAt: statement, origin });
  return addTable(state, readElements(fresh, node.tableElts, state, statement));
};

/** Columns first: a primary key takes null from them. */
function readElements(
  table: TableState,
  elements: readonly Node[] | undefined,
  state: SchemaState,
  statement: ParsedStatement,
): TableState {
  const withColumns = (elements ?? []).reduce(
    (so, node) => ("ColumnDef" in node ? addColumn(so, node.ColumnDef, state, statement) : so),
    table,
  );
  return (elements ?? []).reduce(
    (so, node) =>
      "Constraint" in node ? addConstraint(so, node.Constraint, undefined, state, statement) : so,
    withColumns,
  );
}

/** CREATE FOREIGN TABLE. */
export const applyCreateForeignTable: Effect<Content<"CreateForeignTableStmt">> = (node, state, statement) =>
  addTable(
    state,
    newTable(state, newRelationName(node.base?.relation, state), {
      createdAt: statement,
      origin: { kind: "foreign" },
    }),
  );

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW. */
export const applyCreateTableAs: Effect<Content<"CreateTableAsStmt">> = (node, state, statement) => {
  const name = newRelationName(node.into?.rel, state);
  if (isTemporary(node.into?.rel)) return withTemporary(state, name);
  if (node.if_not_exists === true && exists(state, name)) return state;
  const reads = resolveReads(node.query, state);
  if (node.objtype === "OBJECT_MATVIEW") {
    const view = { ...name, materialized: true, securityInvoker: false, reads, at: statement };
    return { ...state, views: withEntry(state.views, stateKey(name.schema, name.name), view) };
  }
  return addCopy(state, name, reads, statement);
};

/** SELECT … INTO. */
export const applySelectInto: Effect<Content<"SelectStmt">> = (node, state, statement) => {
  const target = node.intoClause?.rel;
  if (target === undefined) return state;
  if (isTemporary(target)) return withTemporary(state, newRelationName(target, state));
  const reads = resolveReads({ ...node, intoClause: undefined }, state);
  return addCopy(state, newRelationName(target, state), reads, statement);
};

function addCopy(
  state: SchemaState,
  name: { schema: string; name: string },
  reads: readonly (number | string)[],
  statement: Parameters<Effect<never>>[2],
): SchemaState {
  const of = [...new Set(reads.flatMap((read) => tablesBehind(read, state)))];
  const origin: Origin = of.length > 0 ? { kind: "copy", of, at: statement } : { kind: "plain" };
  return addTable(state, newTable(state, name, { createdAt: statement, origin }));
}

/** The tables that a view reads, through views. */
function tablesBehind(read: number | string, state: SchemaState): number[] {
  if (typeof read === "number") return [read];
  return (state.views.get(read)?.reads ?? []).flatMap((inner) =>
    inner === read ? [] : tablesBehind(inner, state),
  );
}

function withTemporary(state: SchemaState, { name }: { name: string }): SchemaState {
  return { ...state, temporaries: new Set([...state.temporaries, name]) };
}

function isTemporary(relation: RangeVar | undefined): boolean {
  return relation?.relpersistence === "t" || relation?.schemaname === "pg_temp";
}

function exists(state: SchemaState, { schema, name }: { schema: string; name: string }): boolean {
  return state.tables.has(stateKey(schema, name));
}

function wrap(relation: RangeVar | undefined): Node[] {
  return relation === undefined ? [] : [{ RangeVar: relation }];
}

function idsOf(relations: readonly Node[] | undefined, state: SchemaState): number[] {
  return (relations ?? []).flatMap((node) => {
    if (!("RangeVar" in node)) return [];
    const { schema, name } = relationName(node.RangeVar, state);
    return state.tables.get(stateKey(schema, name))?.id ?? [];
  });
}
