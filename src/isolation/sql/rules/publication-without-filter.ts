import type { Node } from "libpg-query";
import { tableSubject } from "../../../catalog/facts.js";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState } from "../schema-state.js";
import { stateKey } from "../schema-state.js";
import type { SqlContext, SqlRule } from "../sql-rule.js";
import { firstSchema, partsOf, relationName } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** Logical replication knows no policies: a publication without a row filter sends every tenant's rows. */
export const publicationWithoutFilter: SqlRule = {
  id: "publication-without-filter",
  threats: [45],
  check: (context) => trackActs(context, (statement, state) => readPublications(statement, state, context)),
};

function readPublications({ node }: ParsedStatement, state: SchemaState, context: SqlContext): ActChange[] {
  if ("CreatePublicationStmt" in node) {
    const { pubname = "", pubobjects, for_all_tables } = node.CreatePublicationStmt;
    return for_all_tables === true
      ? [publish(pubname, "all tables")]
      : (pubobjects ?? []).flatMap((object) => readObject(pubname, object, state, context));
  }
  if ("AlterPublicationStmt" in node) {
    const { pubname = "", pubobjects, action } = node.AlterPublicationStmt;
    const changes = (pubobjects ?? []).flatMap((object) => readObject(pubname, object, state, context));
    return action === "AP_DropObjects" ? changes.map(({ key }) => ({ key, act: undefined })) : changes;
  }
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_PUBLICATION") return [];
  const dropped = (node.DropStmt.objects ?? []).flatMap(partsOf);
  const published = [
    "all tables",
    ...[...state.tables.values()].map(({ schema, name }) => tableSubject(schema, name)),
    ...[...state.tables.values()].map(({ schema }) => `all tables in schema ${schema}`),
  ];
  return dropped.flatMap((name) => published.map((what) => ({ key: keyOf(name, what), act: undefined })));
}

function readObject(publication: string, object: Node, state: SchemaState, context: SqlContext): ActChange[] {
  if (!("PublicationObjSpec" in object)) return [];
  const { name, pubtable } = object.PublicationObjSpec;
  if (pubtable === undefined)
    return [publish(publication, `all tables in schema ${name ?? firstSchema(state)}`)];
  const relation = relationName(pubtable.relation, state);
  const table = state.tables.get(stateKey(relation.schema, relation.name));
  const subject = tableSubject(relation.schema, relation.name);
  if (pubtable.whereClause !== undefined) return [{ key: keyOf(publication, subject), act: undefined }];
  if (table === undefined || !context.tenantTables.has(table.id)) return [];
  return [publish(publication, subject)];
}

function publish(publication: string, subject: string): ActChange {
  return {
    key: keyOf(publication, subject),
    act: {
      level: "error",
      subject,
      detail: `publication ${publication} sends the rows of every tenant: replication asks no policies`,
      fix: "Add a row filter: for table … where (…). If the subscriber may see every tenant, say so in a suppression.",
    },
  };
}

function keyOf(publication: string, subject: string): string {
  return JSON.stringify([publication, subject]);
}
