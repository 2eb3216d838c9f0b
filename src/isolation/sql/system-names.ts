import type { Node, RangeVar, TypeName } from "libpg-query";
import { z } from "zod";
import type { SchemaState } from "./schema-state.js";
import { stateKey } from "./schema-state.js";
import { stringsOf } from "./syntax-names.js";
import { walkSyntax } from "./walk-syntax.js";

const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set(["pg_catalog", "information_schema", "pg_toast"]);

/** True for a schema that belongs to the server. */
export function isSystemSchema(schema: string | undefined): boolean {
  return schema !== undefined && SYSTEM_SCHEMAS.has(schema);
}

/** True for a table or view of the server's own: its names begin with `pg_`, and are found before any other. */
export function isSystemRelation(relation: RangeVar | undefined, state: SchemaState): boolean {
  const { schemaname, relname = "" } = relation ?? {};
  if (schemaname !== undefined) return isSystemSchema(schemaname);
  const isOwn = state.searchPath.some((schema) => {
    const key = stateKey(schema, relname);
    return state.tables.get(key)?.createdAt !== undefined || state.views.has(key);
  });
  return relname.startsWith("pg_") && !isOwn;
}

/** True for a type that comes with the server. */
export function isBuiltInType(type: TypeName | undefined): boolean {
  const parts = stringsOf(type?.names);
  return parts.length > 1 ? parts[0] === "pg_catalog" : BUILT_IN.has(parts.at(-1) ?? "");
}

/** Those that a tenant column or a setting may have, or that are compared with one. */
const BUILT_IN: ReadonlySet<string> = new Set([
  "uuid",
  "text",
  "varchar",
  "bpchar",
  "name",
  "int2",
  "int4",
  "int8",
  "bigint",
  "numeric",
  "bool",
  "oid",
  "jsonb",
]);

const call = z.object({ funcname: z.array(z.custom<Node>((value) => typeof value === "object")) });

const RUN: readonly string[] = [
  "SelectStmt",
  "CallStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "ExplainStmt",
  "PrepareStmt",
  "DeclareCursorStmt",
  "CopyStmt",
  "CreateTableAsStmt",
  // Defaults, conversions, checks and the expressions of an index are computed for the rows that are there.
  "AlterTableStmt",
  "IndexStmt",
];

/** True for a statement that calls the functions which it names now, and not whenever something made by it is used. */
export function runsQuery(node: Node): boolean {
  return RUN.some((kind) => kind in node);
}

/** The functions that a statement calls, each as its name with whatever schema is written before it. */
export function calledNames(node: Node): readonly string[] {
  const known = names.get(node);
  if (known !== undefined) return known;
  const found: string[] = [];
  walkSyntax(node, ({ kind, fields }) => {
    const parsed = call.safeParse(kind === "CallStmt" ? fields.funccall : fields);
    if ((kind === "FuncCall" || kind === "CallStmt") && parsed.success) {
      found.push(stringsOf(parsed.data.funcname).join("."));
    }
    return true;
  });
  names.set(node, found);
  return found;
}

/** Several rules ask, and a tree is large. */
const names = new WeakMap<Node, readonly string[]>();
