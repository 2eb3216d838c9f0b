import type { Node, RangeVar, RenameStmt } from "libpg-query";
import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import { loadSqlParser, parseMigration } from "../../isolation/sql/parse-migration.js";
import type { Migration } from "../folder/migration.js";

/**
 * The statements that give back the names that a migration has changed, in the order in which to run them. What it made
 * anew and only then renamed is among them; whoever runs them must let one fail.
 */
export async function reverseRenames(
  migration: Pick<Migration, "name" | "file" | "sql">,
): Promise<readonly string[]> {
  if (!/\brename\b/i.test(migration.sql)) return [];
  await loadSqlParser();
  return parseMigration(migration)
    .flatMap(({ node }) => reverse(node) ?? [])
    .reverse();
}

function reverse(node: Node): string | undefined {
  if ("AlterEnumStmt" in node && node.AlterEnumStmt.oldVal !== undefined) {
    const { typeName, oldVal, newVal = "" } = node.AlterEnumStmt;
    return `alter type ${nameOf(typeName ?? [])} rename value ${quoteLiteral(newVal).trim()} to ${quoteLiteral(oldVal).trim()}`;
  }
  return "RenameStmt" in node ? reverseRename(node.RenameStmt) : undefined;
}

/** What stands behind ALTER, for what is a relation itself. */
const RELATIONS: Readonly<Record<string, string>> = {
  OBJECT_TABLE: "table",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized view",
  OBJECT_INDEX: "index",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_FOREIGN_TABLE: "foreign table",
};

function reverseRename(rename: RenameStmt): string | undefined {
  const { renameType = "", relation, object, subname = "", newname = "" } = rename;
  const old = quoteIdentifier;
  const kind = RELATIONS[renameType];
  if (kind !== undefined && relation !== undefined)
    return `alter ${kind} ${placeOf(relation, newname)} rename to ${old(relation.relname ?? "")}`;
  const table = relation === undefined ? "" : placeOf(relation, relation.relname ?? "");
  const names = object === undefined || !("List" in object) ? [] : (object.List.items ?? []);
  switch (renameType) {
    case "OBJECT_COLUMN":
      return `alter ${RELATIONS[rename.relationType ?? ""] ?? "table"} ${table} rename column ${old(newname)} to ${old(subname)}`;
    case "OBJECT_TABCONSTRAINT":
      return `alter table ${table} rename constraint ${old(newname)} to ${old(subname)}`;
    case "OBJECT_POLICY":
    case "OBJECT_TRIGGER":
    case "OBJECT_RULE": {
      const what = renameType.slice("OBJECT_".length).toLowerCase();
      return `alter ${what} ${old(newname)} on ${table} rename to ${old(subname)}`;
    }
    case "OBJECT_SCHEMA":
      return `alter schema ${old(newname)} rename to ${old(subname)}`;
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const parts = textsOf(names);
      const place = [...parts.slice(0, -1), newname].map(old).join(".");
      return `alter ${renameType === "OBJECT_TYPE" ? "type" : "domain"} ${place} rename to ${old(parts.at(-1) ?? "")}`;
    }
    default:
      return undefined;
  }
}

function placeOf({ schemaname }: RangeVar, name: string): string {
  return schemaname === undefined || schemaname === "" ? quoteIdentifier(name) : qualify(schemaname, name);
}

function nameOf(names: readonly Node[]): string {
  return textsOf(names).map(quoteIdentifier).join(".");
}

function textsOf(names: readonly Node[]): string[] {
  return names.flatMap((part) =>
    "String" in part && part.String.sval !== undefined ? [part.String.sval] : [],
  );
}
