import { tableSubject } from "../../../catalog/facts.js";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState } from "../schema-state.js";
import type { SqlRule } from "../sql-rule.js";
import { listedName, partsOf, relationName } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** Rows of another server come past every policy of this one. */
export const foreignTable: SqlRule = {
  id: "foreign-table",
  threats: [52],
  check: (context) => trackActs(context, readForeign),
};

const REACH_OUT: ReadonlySet<string> = new Set(["dblink", "postgres_fdw", "file_fdw"]);
const FIX = "Keep it out of the services' database, or in a schema on which they have no USAGE.";

function readForeign({ node }: ParsedStatement, state: SchemaState): ActChange[] {
  if ("CreateForeignTableStmt" in node) {
    const { schema, name } = relationName(node.CreateForeignTableStmt.base?.relation, state);
    const subject = tableSubject(schema, name);
    const detail = "no policy of the other server binds whoever reads this foreign table";
    return [{ key: `table ${subject}`, act: { level: "error", subject, detail, fix: FIX } }];
  }
  if ("ImportForeignSchemaStmt" in node) {
    const { local_schema: subject = "" } = node.ImportForeignSchemaStmt;
    const detail = "this makes foreign tables, which no policy binds";
    return [{ key: `schema ${subject}`, act: { level: "error", subject, detail, fix: FIX } }];
  }
  if ("CreateExtensionStmt" in node && REACH_OUT.has(node.CreateExtensionStmt.extname ?? "")) {
    const { extname: subject = "" } = node.CreateExtensionStmt;
    const detail = "with this extension SQL reaches other servers or files, where no policy applies";
    return [{ key: `extension ${subject}`, act: { level: "warning", subject, detail, fix: FIX } }];
  }
  if (!("DropStmt" in node)) return [];
  const { removeType, objects } = node.DropStmt;
  return (objects ?? []).flatMap((object): ActChange[] => {
    const { schema, name } = listedName(partsOf(object), state);
    if (removeType === "OBJECT_FOREIGN_TABLE") {
      return [{ key: `table ${tableSubject(schema, name)}`, act: undefined }];
    }
    return removeType === "OBJECT_EXTENSION" ? [{ key: `extension ${name}`, act: undefined }] : [];
  });
}
