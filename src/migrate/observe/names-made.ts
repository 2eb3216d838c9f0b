import type { Node, RangeVar } from "libpg-query";
import type { WrittenName } from "./documented-effects.js";

/** What a statement makes, so that a later one that names it is about something new; an index with its table. */
export function namesMade(node: Node): (readonly [name: string, table: WrittenName | undefined])[] {
  if ("IndexStmt" in node) {
    const { idxname, relation } = node.IndexStmt;
    return idxname === undefined ? [] : [[idxname, tableName(relation)]];
  }
  const made =
    "CreateStmt" in node
      ? node.CreateStmt.relation
      : "CreateTableAsStmt" in node
        ? node.CreateTableAsStmt.into?.rel
        : "ViewStmt" in node
          ? node.ViewStmt.view
          : "CreateSeqStmt" in node
            ? node.CreateSeqStmt.sequence
            : undefined;
  return made?.relname === undefined ? [] : [[made.relname, undefined]];
}

function tableName(relation: RangeVar | undefined): WrittenName {
  const { schemaname, relname = "" } = relation ?? {};
  return schemaname === undefined ? { name: relname } : { schema: schemaname, name: relname };
}
