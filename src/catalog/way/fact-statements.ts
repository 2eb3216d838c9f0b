import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Structure } from "../catalog.js";
import type { Fact } from "../facts.js";
import { factKey, readFacts } from "../facts.js";
import type { Statements } from "../objects/catalog-object.js";
import { RANK } from "../objects/catalog-object.js";
import { grantee, grantStatements } from "../objects/read-privileges.js";
import { indexObjects, relationStatements } from "./relation-statements.js";

/** A fact with the SQL that makes it so, and the SQL that takes it away. */
export type BuildableFact = Fact & Statements & { readonly wide?: boolean | undefined };

/** The facts of a structure, each with its SQL; a fact for which there is none has empty lists. */
export function readBuildableFacts(structure: Structure): BuildableFact[] {
  const index = indexObjects(structure.objects ?? []);
  const statements = new Map<string, Statements & { readonly wide?: boolean | undefined }>([
    ...structure.schemas.flatMap(schemaStatements),
    ...structure.enums.map(({ schema, name, labels }): [string, Statements] => {
      const place = qualify(schema, name);
      const list = labels.map((label) => `'${label.replaceAll("'", "''")}'`).join(", ");
      return [
        factKey.enum(schema, name),
        { make: [`create type ${place} as enum (${list})`], drop: [`drop type ${place}`], rank: RANK.type },
      ];
    }),
    ...structure.functions.map(
      ({ schema, name, arguments: parameters, definition }): [string, Statements] => {
        const kind = /^\s*create or replace procedure\b/i.test(definition) ? "procedure" : "function";
        const drop = `drop ${kind} ${qualify(schema, name)}(${parameters})`;
        return [
          factKey.function(schema, name, parameters),
          { make: [definition.trimEnd()], drop: [drop], rank: RANK.function },
        ];
      },
    ),
    ...structure.relations.flatMap((relation) => relationStatements(relation, index)),
    ...(structure.objects ?? []).map((object): [string, Statements] => [object.key, object]),
  ]);
  return readFacts(structure).map((fact) => {
    const { make, drop, rank, within, wide } = statements.get(fact.key) ?? NONE;
    return { ...fact, make, drop, rank, within, wide };
  });
}

const NONE: Statements & { readonly wide?: boolean | undefined } = { make: [], drop: [], rank: RANK.comment };

function schemaStatements(schema: Structure["schemas"][number]): [string, Statements][] {
  const place = `schema ${quoteIdentifier(schema.name)}`;
  return [
    [factKey.schema(schema.name), { make: [`create ${place}`], drop: [`drop ${place}`], rank: RANK.schema }],
    ...schema.grants.map(({ role, privileges }): [string, Statements] => [
      factKey.schemaGrant(schema.name, role),
      {
        make: grantStatements(privileges, place, role),
        drop: [`revoke all on ${place} from ${grantee(role)}`],
        rank: RANK.grant,
      },
    ]),
  ];
}
