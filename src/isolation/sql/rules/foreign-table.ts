import { tableSubject } from "../../../catalog/facts.js";
import type { ParsedStatement } from "../parse-migration.js";
import { findServices } from "../roles/find-services.js";
import type { SchemaState } from "../schema-state.js";
import type { SqlRule } from "../sql-rule.js";
import { listedName, newRelationName, partsOf, roleName } from "../syntax-names.js";
import { calledNames } from "../system-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** Rows of another server come past every policy of this one. */
export const foreignTable: SqlRule = {
  id: "foreign-table",
  threats: [52],
  check: (context) => {
    const services = findServices(context.units, context.expected.settings.roles.tenant);
    return trackActs(context, (statement, state) => [
      ...readForeign(statement, state),
      ...readServer(statement, services),
    ]);
  },
};

const REACH_OUT: ReadonlySet<string> = new Set(["dblink", "postgres_fdw", "file_fdw"]);
const FIX = "Keep it out of the services' database, or in a schema on which they have no USAGE.";

/** Servers, who of us is whom there, and calls of dblink. */
function readServer({ node }: ParsedStatement, services: ReadonlySet<string>): ActChange[] {
  if ("CreateForeignServerStmt" in node) {
    const { servername: subject = "" } = node.CreateForeignServerStmt;
    const detail = "another server can be reached from here, whose policies do not know our tenants";
    return [{ key: `server ${subject}`, act: { level: "warning", subject, detail, fix: FIX } }];
  }
  if ("CreateUserMappingStmt" in node) {
    const { user, servername: subject = "" } = node.CreateUserMappingStmt;
    const role = roleName(user);
    if (role !== "PUBLIC" && !services.has(role)) return [];
    const detail = `${role} gets a login on ${subject}, where it is the same for every tenant`;
    return [{ key: `mapping ${subject} ${role}`, act: { level: "error", subject, detail, fix: FIX } }];
  }
  if ("DropUserMappingStmt" in node) {
    const { user, servername = "" } = node.DropUserMappingStmt;
    return [{ key: `mapping ${servername} ${roleName(user)}`, act: undefined }];
  }
  const called = calledNames(node).find((name) => /^(.*\.)?dblink(_\w+)?$/.test(name));
  if (called === undefined) return [];
  const detail = "this asks another server, where no policy of ours applies";
  return [{ key: `call ${called}`, act: { level: "warning", subject: called, detail, fix: FIX } }];
}

function readForeign({ node }: ParsedStatement, state: SchemaState): ActChange[] {
  if ("CreateForeignTableStmt" in node) {
    const { schema, name } = newRelationName(node.CreateForeignTableStmt.base?.relation, state);
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
    if (removeType === "OBJECT_FOREIGN_SERVER") return [{ key: `server ${name}`, act: undefined }];
    return removeType === "OBJECT_EXTENSION" ? [{ key: `extension ${name}`, act: undefined }] : [];
  });
}
