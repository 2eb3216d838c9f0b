import { DOOR_SCHEMA } from "../core/door-schema.js";
import { ENGINE_SCHEMA } from "../core/engine-schema.js";
import { qualify, quoteIdentifier } from "../core/identifiers.js";
import type { Column, DatabaseFunction, Grant, Relation, Structure } from "./catalog.js";
import type { CatalogObject } from "./objects/catalog-object.js";

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
  /** The role that a grant is to. */
  readonly grantee?: string;
  /** SQL that takes it away. */
  readonly removal?: string;
};

/** The keys of facts, so that whoever demands one and whoever reads one spell it alike. */
export const factKey = {
  role: (name: string) => `role ${quoteIdentifier(name)}`,
  schema: (name: string) => `schema ${quoteIdentifier(name)}`,
  schemaGrant: (schema: string, role: string) =>
    `grant on schema ${quoteIdentifier(schema)} to ${quoteIdentifier(role)}`,
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
  relation: (kind: Relation["kind"], schema: string, name: string) => `${kind} ${qualify(schema, name)}`,
  column: (schema: string, table: string, name: string) =>
    `column ${qualify(schema, table)}.${quoteIdentifier(name)}`,
  index: (schema: string, name: string) => `index ${qualify(schema, name)}`,
  enum: (schema: string, name: string) => `enum ${qualify(schema, name)}`,
};

/** Everything that a catalog says, one fact at a time. */
export function readFacts(catalog: Structure): Fact[] {
  return [
    ...catalog.roles.map((role): Fact => {
      return { key: factKey.role(role.name), aspect: "security", subject: role.name, value: unnamed(role) };
    }),
    ...catalog.schemas.flatMap((schema): Fact[] => [
      {
        key: factKey.schema(schema.name),
        aspect: "structure",
        subject: schema.name,
        value: "exists",
        ...(schema.name === DOOR_SCHEMA ? { removal: `drop schema ${quoteIdentifier(DOOR_SCHEMA)}` } : {}),
      },
      ...schema.grants.map((grant) =>
        grantFact(
          factKey.schemaGrant(schema.name, grant.role),
          schema.name,
          grant,
          `schema ${quoteIdentifier(schema.name)}`,
        ),
      ),
    ]),
    ...catalog.enums.map(
      (type): Fact => ({
        key: factKey.enum(type.schema, type.name),
        aspect: "structure",
        subject: type.name,
        value: JSON.stringify(type.labels),
      }),
    ),
    ...catalog.functions.map(functionFact),
    ...catalog.relations.flatMap(relationFacts),
    ...(catalog.objects ?? []).map(objectFact),
  ];
}

function functionFact(fn: DatabaseFunction): Fact {
  const fact: Fact = {
    key: factKey.function(fn.schema, fn.name, fn.arguments),
    aspect: "security",
    subject: `${fn.schema}.${fn.name}`,
    value: fn.definition,
  };
  const removal = `drop function ${qualify(fn.schema, fn.name)}(${fn.arguments})`;
  // Whose rights a door has, and who may call it, is as much of it as what it does.
  if (fn.schema === DOOR_SCHEMA)
    return { ...fact, value: JSON.stringify([fn.definition, fn.owner, fn.grants]), removal };
  return fn.schema === ENGINE_SCHEMA ? { ...fact, removal } : fact;
}

function objectFact({ key, subject, value }: CatalogObject): Fact {
  const isSecurity = key.startsWith("grant ") || key.startsWith("default privileges ");
  return { key, aspect: isSecurity ? "security" : "structure", subject, value };
}

function relationFacts(relation: Relation): Fact[] {
  const { schema, name } = relation;
  const subject = tableSubject(schema, name);
  const place = qualify(schema, name);
  const isTable = relation.kind === "table" || relation.kind === "partitioned table";
  const structure = (key: string, value: string): Fact => ({ key, aspect: "structure", subject, value });
  const security = (key: string, value: string): Fact => ({ key, aspect: "security", subject, value });
  return [
    structure(
      factKey.relation(relation.kind, schema, name),
      JSON.stringify([relation.options, relation.viewDefinition]),
    ),
    ...(isTable ? [security(factKey.rowSecurity(schema, name), rowSecurityValue(relation))] : []),
    ...relation.policies.map((policy) =>
      security(factKey.policy(schema, name, policy.name), unnamed(policy)),
    ),
    ...relation.grants.map((grant) =>
      grantFact(factKey.grant(schema, name, grant.role), subject, grant, place),
    ),
    ...relation.columnGrants.map(({ column, ...grant }) => ({
      ...grantFact(factKey.columnGrant(schema, name, column, grant.role), subject, grant, place),
      removal: `revoke all (${quoteIdentifier(column)}) on ${place} from ${grantee(grant.role)}`,
    })),
    ...relation.triggers.map((trigger) => ({
      ...security(factKey.trigger(schema, name, trigger.name), `${trigger.definition} (${trigger.enabled})`),
      ...(isEngineTrigger(trigger.name)
        ? { removal: `drop trigger ${quoteIdentifier(trigger.name)} on ${place}` }
        : {}),
    })),
    ...relation.columns.flatMap((column) => [
      structure(factKey.column(schema, name, column.name), unnamed(withoutGrants(column))),
      ...(column.sequenceGrants ?? []).map((grant) =>
        // No removal: the sequence's own name is not read, and a grant on it opens no row.
        security(factKey.sequenceGrant(schema, name, column.name, grant.role), privileges(grant)),
      ),
    ]),
    ...relation.constraints.map((constraint) =>
      structure(
        factKey.constraint(schema, name, constraint.name),
        `${constraint.definition}${constraint.valid ? "" : " (not valid)"}`,
      ),
    ),
    ...relation.indexes.map((index) =>
      structure(factKey.index(schema, index.name), `${index.definition}${index.valid ? "" : " (invalid)"}`),
    ),
  ];
}

/** The value of the fact {@link factKey.rowSecurity}. */
function rowSecurityValue(table: { readonly rowSecurity: boolean; readonly forced: boolean }): string {
  return `${table.rowSecurity ? "enabled" : "disabled"}, ${table.forced ? "forced" : "not forced"}`;
}

/** A table as people name it: the schema only where it is not `public`. */
export function tableSubject(schema: string, name: string): string {
  return schema === "public" ? name : `${schema}.${name}`;
}

/** True for the triggers that the completion makes; nobody else's begin so. */
function isEngineTrigger(name: string): boolean {
  return name.startsWith(`${ENGINE_SCHEMA}_`);
}

function grantFact(key: string, subject: string, grant: Grant, place: string): Fact {
  return {
    key,
    aspect: "security",
    subject,
    value: privileges(grant),
    grantee: grant.role,
    removal: `revoke all on ${place} from ${grantee(grant.role)}`,
  };
}

function grantee(role: string): string {
  return role === "PUBLIC" ? "public" : quoteIdentifier(role);
}

function privileges(grant: Grant): string {
  return grant.privileges.join(", ");
}

function withoutGrants(column: Column): { readonly name: string } {
  return { ...column, sequenceGrants: undefined } as { readonly name: string };
}

function unnamed(described: { readonly name: string }): string {
  return JSON.stringify({ ...described, name: undefined });
}
