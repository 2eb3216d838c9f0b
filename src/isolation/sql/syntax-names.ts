import type { Node, RangeVar, RoleSpec, TypeName } from "libpg-query";
import type { Grantee, SchemaState } from "./schema-state.js";
import { stateKey } from "./schema-state.js";

/** The name of an object, its schema filled in. */
export type QualifiedName = { readonly schema: string; readonly name: string };

/** The name that a relation in a statement stands for, looked up along the search path. */
export function relationName(relation: RangeVar | undefined, state: SchemaState): QualifiedName {
  const name = relation?.relname ?? "";
  return { schema: relation?.schemaname ?? schemaOf(name, state), name };
}

/** The name of a relation that a statement makes. */
export function newRelationName(relation: RangeVar | undefined, state: SchemaState): QualifiedName {
  return { schema: relation?.schemaname ?? firstSchema(state), name: relation?.relname ?? "" };
}

/** The name in a list of one or two strings, such as DROP has. */
export function listedName(parts: readonly string[], state: SchemaState): QualifiedName {
  const name = parts.at(-1) ?? "";
  return { schema: parts.at(-2) ?? schemaOf(name, state), name };
}

/** The first schema of the path that is known to have such a table, view or function. */
function schemaOf(name: string, state: SchemaState): string {
  const { searchPath, tables, views } = state;
  if (state.temporaries.has(name)) return "pg_temp";
  if (searchPath.length === 1) return firstSchema(state);
  return (
    searchPath.find((schema) => tables.has(stateKey(schema, name)) || views.has(stateKey(schema, name))) ??
    searchPath.find((schema) =>
      [...state.functions.values()].some((made) => made.schema === schema && made.name === name),
    ) ??
    firstSchema(state)
  );
}

/** Where things are made: PostgreSQL passes over schemas that are not there. */
export function firstSchema({ searchPath, schemas, tables }: SchemaState): string {
  const [first = "public"] = searchPath;
  if (searchPath.length < 2) return first;
  const known = new Set([...schemas, "public", ...[...tables.values()].map(({ schema }) => schema)]);
  return searchPath.find((schema) => known.has(schema)) ?? first;
}

/** The texts of a list of strings. */
export function stringsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []));
}

/** The parts of a name in a DROP or COMMENT: a list, or a bare string. */
export function partsOf(node: Node): string[] {
  if ("List" in node) return stringsOf(node.List.items);
  if ("TypeName" in node) return stringsOf(node.TypeName.names);
  return stringsOf([node]);
}

/** A role's name, or `PUBLIC`; words such as CURRENT_USER in lower case. */
export function roleName(role: RoleSpec | undefined): Grantee {
  if (role?.roletype === "ROLESPEC_PUBLIC") return "PUBLIC";
  if (role?.rolename !== undefined) return role.rolename;
  return (role?.roletype ?? "").replace("ROLESPEC_", "").toLowerCase();
}

/** The roles of a list. */
export function roleNames(nodes: readonly Node[] | undefined): Grantee[] {
  return (nodes ?? []).flatMap((node) => ("RoleSpec" in node ? [roleName(node.RoleSpec)] : []));
}

/** A function's parameter types as text, good enough to tell overloads apart. */
export function typeText(type: TypeName | undefined): string {
  const name = stringsOf(type?.names).at(-1) ?? "";
  return `${name}${"[]".repeat(type?.arrayBounds?.length ?? 0)}`;
}

/** The text of a value in SET, WITH (…) and the like; a bare option is `true`. */
export function valueText(node: Node | undefined): string {
  if (node === undefined) return "true";
  if ("String" in node) return node.String.sval ?? "";
  if ("Boolean" in node) return String(node.Boolean.boolval ?? false);
  if ("Integer" in node) return String(node.Integer.ival ?? 0);
  if ("TypeName" in node) return typeText(node.TypeName);
  if ("TypeCast" in node) return valueText(node.TypeCast.arg);
  if (!("A_Const" in node)) return "";
  const { sval, ival, boolval } = node.A_Const;
  if (sval !== undefined) return sval.sval ?? "";
  if (boolval !== undefined) return String(boolval.boolval ?? false);
  return ival === undefined ? "" : String(ival.ival ?? 0);
}

/** True for what PostgreSQL takes as a true Boolean. */
export function isOn(value: string): boolean {
  return ["true", "on", "1", "yes", "t", "y"].includes(value.toLowerCase());
}
