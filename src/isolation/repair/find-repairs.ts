import { loadModule } from "libpg-query";
import type { Catalog, Policy, Relation } from "../../catalog/catalog.js";
import { factKey, readFacts } from "../../catalog/facts.js";
import type { Transaction } from "../../catalog/grants-json.js";
import { DOOR_SCHEMA } from "../../core/door-schema.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import type { Demand } from "../demands.js";
import { demandSql, listDemands } from "../demands.js";
import { doorCallers } from "../doors/door-demands.js";
import { doorProblems, findDoor } from "../doors/door-problems.js";
import type { Expected, ExpectedPolicy, ExpectedTable } from "../expected.js";
import { grantedPrivileges, isSameExpression, isSameStatement } from "./compare-sql.js";
import { printPolicy } from "./print-policies.js";

/** One thing that is not as the code demands it, and the SQL that makes it so. */
export type Repair = {
  /** The fact that it restores. */
  readonly key: string;
  readonly why: "missing" | "different" | "beyond what the schema gives";
  readonly statements: readonly string[];
};

/**
 * What the completion would restore on a live database, without a shadow: row security, grants, policies, triggers,
 * functions and the references that null one column. What is as demanded is left alone, so that a second run finds nothing.
 *
 * @param session an open transaction; what cannot be compared as syntax is printed by the server on a temporary table.
 */
export async function findRepairs(
  session: Transaction,
  expected: Expected,
  catalog: Catalog,
): Promise<Repair[]> {
  await loadModule();
  const demands = listDemands(expected);
  const checks = await listChecks(session, expected, catalog);
  const repairs = demands.flatMap((demand): Repair[] => {
    const state = checks(demand);
    if (state === "met") return [];
    const statements = state === "missing" ? demand.make : demandSql(demand);
    return [{ key: demand.key, why: state, statements }];
  });
  return [...findExcess(expected, catalog, demands), ...repairs];
}

type State = "met" | "missing" | "different";

async function listChecks(
  session: Transaction,
  expected: Expected,
  catalog: Catalog,
): Promise<(demand: Demand) => State> {
  const live = new Map<string, (demand: Demand) => State>();
  const roles = [...Object.values(expected.settings.roles), ...doorCallers(expected)];
  for (const role of roles) {
    live.set(factKey.role(role), () => found(catalog.roles.some(({ name }) => name === role)));
  }
  for (const { name, grants } of catalog.schemas) {
    live.set(factKey.schema(name), () => "met");
    const of = (role: string) => grants.find((grant) => grant.role === role)?.privileges ?? [];
    live.set(factKey.schemaGrant(name, "PUBLIC"), () => equal(!of("PUBLIC").includes("CREATE")));
    for (const role of roles)
      live.set(factKey.schemaGrant(name, role), (demand) => compareGrant(of(role), demand));
  }
  for (const made of catalog.functions) {
    const door = findDoor(expected, made);
    live.set(factKey.function(made.schema, made.name, made.arguments), ({ make }) =>
      equal(
        door === undefined
          ? isSameStatement(made.definition, make[0] ?? "")
          : doorProblems(door, made, expected).length === 0,
      ),
    );
  }
  for (const table of expected.tables) {
    const relation = findRelation(catalog, table);
    if (relation !== undefined) await addTableChecks(live, session, expected, { table, relation });
  }
  for (const view of expected.views) {
    const relation = findRelation(catalog, view);
    for (const role of Object.values(expected.settings.roles))
      live.set(factKey.grant(view.schema, view.name, role), (demand) =>
        relation === undefined ? "met" : compareGrant(privilegesOf(relation, role), demand),
      );
  }
  const missing = new Set(
    expected.tables.filter((table) => findRelation(catalog, table) === undefined).map(placeOf),
  );
  return (demand) => {
    const check = live.get(demand.key);
    if (check !== undefined) return check(demand);
    // Nothing can be put on a table that is not there; and whether a bound migrator is a member, only it can say.
    const isOfMissing = [...missing].some((place) => demand.key.includes(place));
    return isOfMissing || demand.key.startsWith("membership ") ? "met" : "missing";
  };
}

type Pair = { readonly table: ExpectedTable; readonly relation: Relation };

async function addTableChecks(
  live: Map<string, (demand: Demand) => State>,
  session: Transaction,
  expected: Expected,
  { table, relation }: Pair,
): Promise<void> {
  const { schema, name } = table;
  live.set(factKey.rowSecurity(schema, name), () => equal(relation.rowSecurity && relation.forced));
  for (const wanted of table.policies) {
    const actual = relation.policies.find((policy) => policy.name === wanted.name);
    const state =
      actual === undefined ? "missing" : equal(await isSamePolicy(session, table, wanted, actual));
    live.set(factKey.policy(schema, name, wanted.name), () => state);
  }
  for (const role of Object.values(expected.settings.roles)) {
    live.set(factKey.grant(schema, name, role), (demand) =>
      compareGrant(privilegesOf(relation, role), demand),
    );
    for (const column of relation.columns)
      live.set(factKey.sequenceGrant(schema, name, column.name, role), () =>
        found(column.sequenceGrants?.some((grant) => grant.role === role) ?? false),
      );
  }
  for (const { column, role, privileges } of relation.columnGrants) {
    live.set(factKey.columnGrant(schema, name, column, role), (demand) => compareGrant(privileges, demand));
  }
  for (const trigger of relation.triggers) {
    live.set(factKey.trigger(schema, name, trigger.name), ({ make }) =>
      equal(
        trigger.enabled !== "D" &&
          trigger.enabled !== "R" &&
          isSameStatement(trigger.definition, make[0] ?? ""),
      ),
    );
  }
  for (const constraint of relation.constraints) {
    live.set(factKey.constraint(schema, name, constraint.name), ({ make }) => {
      const text = `alter table ${qualify(schema, name)} add constraint "${constraint.name.replaceAll('"', '""')}" ${constraint.definition}`;
      return equal(constraint.valid && isSameStatement(text, make[0] ?? ""));
    });
  }
}

/** Names, roles and command as they are; expressions as syntax, and else as the server itself prints them. */
async function isSamePolicy(
  session: Transaction,
  table: ExpectedTable,
  wanted: ExpectedPolicy,
  actual: Policy,
): Promise<boolean> {
  const roles = wanted.roles.map((role) => (role === "public" ? "PUBLIC" : role)).sort();
  const isSameShape =
    wanted.permissive === actual.permissive &&
    wanted.command === actual.command &&
    JSON.stringify(roles) === JSON.stringify([...actual.roles].sort());
  if (!isSameShape) return false;
  const isSame = (one: string | undefined, other: string | null) =>
    one === undefined || other === null ? one === undefined && other === null : isSameExpression(one, other);
  if (isSame(wanted.using, actual.using) && isSame(wanted.check, actual.check)) return true;
  const printed = await printPolicy(session, table, wanted);
  return printed !== undefined && printed.using === actual.using && printed.check === actual.check;
}

/** What PUBLIC and our roles hold on tables and columns beyond all demands. */
function findExcess(expected: Expected, catalog: Catalog, demands: readonly Demand[]): Repair[] {
  const demanded = new Set(demands.map(({ key }) => key));
  const roles = new Set([...Object.values(expected.settings.roles), "PUBLIC"]);
  const places = expected.tables.filter(({ declaration }) => declaration !== undefined).map(placeOf);
  return readFacts(catalog).flatMap(({ key, grantee, removal }): Repair[] => {
    const isDoor = key.startsWith(`function ${quoteIdentifier(DOOR_SCHEMA)}.`);
    if (isDoor && removal !== undefined && !demanded.has(key))
      return [{ key, why: "beyond what the schema gives", statements: [removal] }];
    if (grantee === undefined || removal === undefined || demanded.has(key) || !roles.has(grantee)) return [];
    if (!places.some((place) => key.startsWith(`grant on ${place}`))) return [];
    return [{ key, why: "beyond what the schema gives", statements: [removal] }];
  });
}

function compareGrant(actual: readonly string[], demand: Demand): State {
  if (actual.length === 0) return "missing";
  return equal(
    JSON.stringify([...actual].sort()) === JSON.stringify(grantedPrivileges(demand.make[0] ?? "")),
  );
}

function privilegesOf(relation: Relation, role: string): readonly string[] {
  return relation.grants.find((grant) => grant.role === role)?.privileges ?? [];
}

function findRelation(
  catalog: Catalog,
  place: { readonly schema: string; readonly name: string },
): Relation | undefined {
  return catalog.relations.find(({ schema, name }) => schema === place.schema && name === place.name);
}

function placeOf({ schema, name }: ExpectedTable): string {
  return qualify(schema, name);
}

function equal(same: boolean): State {
  return same ? "met" : "different";
}

function found(there: boolean): State {
  return there ? "met" : "missing";
}
