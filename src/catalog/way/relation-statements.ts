import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Column, Constraint, Grant, Policy, Relation } from "../catalog.js";
import { factKey } from "../facts.js";
import type { CatalogObject, Statements } from "../objects/catalog-object.js";
import { RANK } from "../objects/catalog-object.js";
import { grantee, grantStatements } from "../objects/read-privileges.js";
import { columnSql } from "./column-sql.js";

/** The things beyond relations, by key; and the sequences that columns own, by the column. */
export type ObjectIndex = {
  readonly values: ReadonlyMap<string, string>;
  readonly sequences: ReadonlyMap<string, string>;
};

const OWNER = "owner of sequence ";

/** Indexes what {@link relationStatements} looks up. */
export function indexObjects(objects: readonly CatalogObject[]): ObjectIndex {
  return {
    values: new Map(objects.map(({ key, value }) => [key, value])),
    sequences: new Map(
      objects
        .filter(({ key }) => key.startsWith(OWNER))
        .map(({ key, value }) => [value, key.slice(OWNER.length)]),
    ),
  };
}

/** The SQL of a relation and of all that belongs to it, by the keys of its facts. */
export function relationStatements(relation: Relation, objects: ObjectIndex): [string, Statements][] {
  const { schema, name } = relation;
  const place = qualify(schema, name);
  const isView = relation.kind === "view" || relation.kind === "materialized view";
  const of = (make: readonly string[], drop: readonly string[], rank: number): Statements => ({
    make,
    drop,
    rank,
    within: place,
  });
  return [
    [
      factKey.relation(relation.kind, schema, name),
      {
        make: [createRelation(relation, objects)],
        drop: [`drop ${relation.kind === "partitioned table" ? "table" : relation.kind} ${place}`],
        rank: isView ? RANK.view : RANK.table,
      },
    ],
    [factKey.rowSecurity(schema, name), of(rowSecuritySql(relation), [], RANK.rowSecurity)],
    ...relation.policies.map((policy): [string, Statements] => [
      factKey.policy(schema, name, policy.name),
      of(
        [policySql(place, policy)],
        [`drop policy ${quoteIdentifier(policy.name)} on ${place}`],
        RANK.policy,
      ),
    ]),
    ...relation.grants.map((grant): [string, Statements] => [
      factKey.grant(schema, name, grant.role),
      of(grantSql(grant, place), [`revoke all on ${place} from ${grantee(grant.role)}`], RANK.grant),
    ]),
    ...relation.columnGrants.map(({ column, ...grant }): [string, Statements] => {
      const columns = ` (${quoteIdentifier(column)})`;
      const drop = `revoke all${columns} on ${place} from ${grantee(grant.role)}`;
      return [
        factKey.columnGrant(schema, name, column, grant.role),
        of(grantStatements(grant.privileges, place, grant.role, columns), [drop], RANK.grant),
      ];
    }),
    ...relation.triggers.map((trigger): [string, Statements] => {
      const quoted = quoteIdentifier(trigger.name);
      const state = { D: "disable", A: "enable always", R: "enable replica" }[trigger.enabled];
      const set = state === undefined ? [] : [`alter table ${place} ${state} trigger ${quoted}`];
      return [
        factKey.trigger(schema, name, trigger.name),
        of([trigger.definition, ...set], [`drop trigger ${quoted} on ${place}`], RANK.trigger),
      ];
    }),
    ...(isView ? [] : relation.columns.flatMap((column) => columnStatements(relation, column, objects))),
    ...relation.constraints.map((constraint): [string, Statements] => [
      factKey.constraint(schema, name, constraint.name),
      constraintStatements(place, constraint),
    ]),
    ...relation.indexes.map((index): [string, Statements] => [
      factKey.index(schema, index.name),
      of([index.definition], [`drop index ${qualify(schema, index.name)}`], RANK.index),
    ]),
  ];
}

function createRelation(relation: Relation, objects: ObjectIndex): string {
  const place = qualify(relation.schema, relation.name);
  const options = relation.options.length === 0 ? "" : ` with (${relation.options.join(", ")})`;
  if (relation.viewDefinition !== null)
    return `create ${relation.kind} ${place}${options} as\n${relation.viewDefinition.trimEnd().replace(/;$/, "")}`;
  const detail = (what: string) => objects.values.get(`${what} of ${place}`);
  const key = detail("partition key");
  const server = detail("foreign server");
  const columns = relation.columns.map((column) => `\n  ${columnSql(column)}`);
  const tail = [key && ` partition by ${key}`, server && ` ${server}`, options].filter(Boolean).join("");
  return `create ${server === undefined ? "" : "foreign "}table ${place} (${columns.join(",")}${columns.length > 0 ? "\n" : ""})${tail}`;
}

function rowSecuritySql({ schema, name, rowSecurity, forced }: Relation): string[] {
  const alter = `alter table ${qualify(schema, name)}`;
  return [
    `${alter} ${rowSecurity ? "enable" : "disable"} row level security`,
    `${alter} ${forced ? "" : "no "}force row level security`,
  ];
}

function policySql(place: string, policy: Policy): string {
  const roles = policy.roles.map(grantee).join(", ");
  const using = policy.using === null ? "" : ` using (${policy.using})`;
  const check = policy.check === null ? "" : ` with check (${policy.check})`;
  const kind = policy.permissive ? "permissive" : "restrictive";
  return `create policy ${quoteIdentifier(policy.name)} on ${place} as ${kind} for ${policy.command} to ${roles}${using}${check}`;
}

function grantSql(grant: Grant, place: string): string[] {
  return grantStatements(grant.privileges, place, grant.role);
}

function columnStatements(relation: Relation, column: Column, objects: ObjectIndex): [string, Statements][] {
  const { schema, name } = relation;
  const place = qualify(schema, name);
  const quoted = quoteIdentifier(column.name);
  const owner = `${place}.${quoted}`;
  const sequencePlace = objects.sequences.get(owner);
  return [
    [
      factKey.column(schema, name, column.name),
      {
        make: [`alter table ${place} add column ${columnSql(column)}`],
        drop: [`alter table ${place} drop column ${quoted}`],
        rank: RANK.column,
        within: place,
      },
    ],
    ...(column.sequenceGrants ?? []).map((grant): [string, Statements] => [
      factKey.sequenceGrant(schema, name, column.name, grant.role),
      sequencePlace === undefined
        ? { make: [], drop: [], rank: RANK.grant, within: place }
        : {
            make: grantStatements(grant.privileges, `sequence ${sequencePlace}`, grant.role),
            drop: [`revoke all on sequence ${sequencePlace} from ${grantee(grant.role)}`],
            rank: RANK.grant,
            within: place,
          },
    ]),
  ];
}

const CONSTRAINT_RANK: Readonly<Record<Constraint["type"], number>> = {
  "primary key": RANK.key,
  unique: RANK.key,
  exclusion: RANK.key,
  check: RANK.check,
  "not null": RANK.check,
  "foreign key": RANK.foreignKey,
  trigger: RANK.trigger,
};

function constraintStatements(place: string, constraint: Constraint): Statements {
  const name = quoteIdentifier(constraint.name);
  const rank = CONSTRAINT_RANK[constraint.type];
  // CREATE CONSTRAINT TRIGGER makes it, and the trigger takes it away.
  if (constraint.type === "trigger") return { make: [], drop: [], rank, within: place };
  return {
    make: [`alter table ${place} add constraint ${name} ${constraint.definition}`],
    drop: [`alter table ${place} drop constraint ${name}`],
    rank,
    within: place,
  };
}
