import type { Node } from "libpg-query";
import { parse } from "libpg-query";
import { tableSubject } from "../../catalog/facts.js";

/** What statements drop together with its data, such as `column notes.title`, in their order. */
export async function findLosses(statements: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    statements.map(async (statement) => {
      // What does not parse was refused before, or is the server's to refuse.
      const { stmts = [] } = await parse(statement).catch(() => ({ stmts: [] }));
      return stmts.flatMap(({ stmt }) => (stmt === undefined ? [] : lossesOf(stmt)));
    }),
  );
  return [...new Set(found.flat())];
}

function lossesOf(node: Node): string[] {
  if ("DropStmt" in node && node.DropStmt.removeType === "OBJECT_TABLE") {
    return (node.DropStmt.objects ?? []).map((object) => {
      const parts = "List" in object ? (object.List.items ?? []) : [];
      const names = parts.flatMap((part) => ("String" in part ? [part.String.sval ?? ""] : []));
      return `table ${names.filter((name, index) => index > 0 || name !== "public" || names.length === 1).join(".")}`;
    });
  }
  if (!("AlterTableStmt" in node)) return [];
  const { relation, cmds } = node.AlterTableStmt;
  const table = tableSubject(relation?.schemaname ?? "public", relation?.relname ?? "");
  return (cmds ?? []).flatMap((cmd) =>
    "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === "AT_DropColumn"
      ? [`column ${table}.${cmd.AlterTableCmd.name ?? ""}`]
      : [],
  );
}
