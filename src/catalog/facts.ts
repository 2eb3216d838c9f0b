import { qualify, quoteIdentifier } from "../core/identifiers.js";
import type { Catalog, Grant, Relation } from "./catalog.js";

/**
 * One thing that is so in a database, as text. Two databases are equal where their facts are; what a fact is about is
 * its key. `security` facts are those that drizzle-kit cannot write or gets wrong, and that the completion restores.
 */
export type Fact = {
  readonly key: string;
  readonly aspect: "security" | "structure";
  /** The table, function, role or schema, for people. */
  readonly subject: string;
  readonly value: string;
};

/** The keys of facts, so that whoever demands one and whoever reads one spell it alike. */
export const factKey = {
  role: (name: string) => `role ${quoteIdentifier(name)}`,
  schema: (name: string) => `schema ${quoteIdentifier(name)}`,
  schemaGrant: (schema: string, role: string) =>
    `schema grant ${quoteIdentifier(schema)} to ${quoteIdentifier(role)}`,
  rowSecurity: (schema: string, table: string) => `row security of ${qualify(schema, table)}`,
  policy: (schema: string, table: string, name: string) =>
    `policy ${quoteIdentifier(name)} on ${qualify(schema, table)}`,
  grant: (schema: string, table: string, role: string) =>
    `grant on ${qualify(schema, table)} to ${quoteIdentifier(role)}`,
  columnGrant: (schema: string, table: string, column: string, role: string) =>
    `grant on ${qualify(schema, table)}.${quoteIdentifier(column)} to ${quoteIdentifier(role)}`,
  sequenceGrant: (schema: string, table: string, column: string, role: string) =>
    `grant on the sequence of ${qualify(schema, table)}.${quoteIdentifier(column)} to ${quoteIdentifier(role)}`,
  trigger: (schema: string, table: string, name: string) =>
    `trigger ${quoteIdentifier(name)} on ${qualify(schema, table)}`,
  function: (schema: string, name: string, parameters: string) =>
    `function ${qualify(schema, name)}(${parameters})`,
  constraint: (schema: string, table: string, name: string) =>
    `constraint ${quoteIdentifier(name)} on ${qualify(schema, table)}`,
};

/** Everything that a catalog says, one fact at a time. */
export function readFacts(catalog: Catalog): Fact[] {
  return [
    ...catalog.roles.map((role) =>
      security(factKey.role(role.name), role.name, JSON.stringify({ ...role, name: undefined })),
    ),
    ...catalog.schemas.flatMap((schema) => [
      structure(factKey.schema(schema.name), schema.name, "exists"),
      ...schema.grants.map((grant) =>
        security(factKey.schemaGrant(schema.name, grant.role), schema.name, privileges(grant)),
      ),
    ]),
    ...catalog.enums.map((type) =>
      structure(`enum ${qualify(type.schema, type.name)}`, type.name, JSON.stringify(type.labels)),
    ),
    ...catalog.functions.map((fn) =>
      security(factKey.function(fn.schema, fn.name, fn.arguments), `${fn.schema}.${fn.name}`, fn.definition),
    ),
    ...catalog.relations.flatMap(relationFacts),
  ];
}

function relationFacts(relation: Relation): Fact[] {
  const { schema, name } = relation;
  const subject = tableSubject(schema, name);
  const place = qualify(schema, name);
  const isTable = relation.kind === "table" || relation.kind === "partitioned table";
  return [
    structure(
      `${relation.kind} ${place}`,
      subject,
      JSON.stringify([relation.options, relation.viewDefinition]),
    ),
    ...(isTable ? [security(factKey.rowSecurity(schema, name), subject, rowSecurityValue(relation))] : []),
    ...relation.policies.map((policy) =>
      security(
        factKey.policy(schema, name, policy.name),
        subject,
        JSON.stringify({ ...policy, name: undefined }),
      ),
    ),
    ...relation.grants.map((grant) =>
      security(factKey.grant(schema, name, grant.role), subject, privileges(grant)),
    ),
    ...relation.columnGrants.map((grant) =>
      security(factKey.columnGrant(schema, name, grant.column, grant.role), subject, privileges(grant)),
    ),
    ...relation.triggers.map((trigger) =>
      security(
        factKey.trigger(schema, name, trigger.name),
        subject,
        `${trigger.definition} (${trigger.enabled})`,
      ),
    ),
    ...relation.columns.flatMap((column) => [
      structure(
        `column ${place}.${quoteIdentifier(column.name)}`,
        subject,
        JSON.stringify({ ...column, name: undefined, sequenceGrants: undefined }),
      ),
      ...(column.sequenceGrants ?? []).map((grant) =>
        security(factKey.sequenceGrant(schema, name, column.name, grant.role), subject, privileges(grant)),
      ),
    ]),
    ...relation.constraints.map((constraint) =>
      structure(
        factKey.constraint(schema, name, constraint.name),
        subject,
        `${constraint.definition}${constraint.valid ? "" : " (not valid)"}`,
      ),
    ),
    ...relation.indexes.map((index) =>
      structure(
        `index ${qualify(schema, index.name)}`,
        subject,
        `${index.definition}${index.valid ? "" : " (invalid)"}`,
      ),
    ),
  ];
}

/** The value of the fact {@link factKey.rowSecurity}. */
export function rowSecurityValue(table: { readonly rowSecurity: boolean; readonly forced: boolean }): string {
  return `${table.rowSecurity ? "enabled" : "disabled"}, ${table.forced ? "forced" : "not forced"}`;
}

/** A table as people name it: the schema only where it is not `public`. */
export function tableSubject(schema: string, name: string): string {
  return schema === "public" ? name : `${schema}.${name}`;
}

function privileges(grant: Grant): string {
  return grant.privileges.join(", ");
}

function security(key: string, subject: string, value: string): Fact {
  return { key, aspect: "security", subject, value };
}

function structure(key: string, subject: string, value: string): Fact {
  return { key, aspect: "structure", subject, value };
}
