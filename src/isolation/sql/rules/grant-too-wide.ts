import { tableSubject } from "../../../catalog/facts.js";
import { managedSchemas } from "../../managed-schemas.js";
import { privilegesOf } from "../apply/grant.js";
import type { ParsedStatement } from "../parse-migration.js";
import { findServices } from "../roles/find-services.js";
import type { TableState } from "../schema-state.js";
import type { SqlContext, SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";
import { roleNames } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** TRUNCATE ignores policies, REFERENCES and TRIGGER build side channels, and PUBLIC is everyone. */
export const grantTooWide: SqlRule = {
  id: "grant-too-wide",
  threats: [39, 40, 41, 42, 43, 79],
  check: (context) => {
    const services = findServices(context.units, context.expected.settings.roles.tenant);
    return [
      ...findOnTables(context, services),
      ...trackActs(context, (statement) => readWide(statement, services)),
    ];
  },
};

const FIX =
  "Grant only what the schema declares: select, insert, update and delete, as far as the table has them.";

function findOnTables(context: SqlContext, services: ReadonlySet<string>): SqlFinding[] {
  const states = [
    context.final,
    ...context.units.filter(({ migration }) => migration.isNew).map(({ after }) => after),
  ];
  const schemas = new Set(managedSchemas(context.expected));
  const excess = new Map<ParsedStatement, Map<string, Set<string>>>();
  const seen = new Set<TableState>();
  for (const state of states) {
    for (const table of state.tables.values()) {
      if (seen.has(table) || !schemas.has(table.schema)) continue;
      seen.add(table);
      for (const [role, privilege, at] of excessOf(table, context, services)) {
        const subjects = excess.get(at) ?? new Map<string, Set<string>>();
        const subject = tableSubject(table.schema, table.name);
        subjects.set(subject, (subjects.get(subject) ?? new Set()).add(`${privilege} to ${role}`));
        excess.set(at, subjects);
      }
    }
  }
  return [...excess].map(([at, subjects]) => ({
    level: "error",
    subject: [...subjects.keys()].join(", "),
    ...placeOf(at),
    detail: `this grants ${list([...new Set([...subjects.values()].flatMap((given) => [...given]))])}, which the schema does not give`,
    fix: FIX,
  }));
}

function* excessOf(
  table: TableState,
  { declared }: SqlContext,
  services: ReadonlySet<string>,
): Generator<readonly [string, string, ParsedStatement]> {
  const commands = declared.get(table.id)?.declaration.commands ?? ["select", "insert", "update", "delete"];
  const allowed = new Set<string>(commands.map((command) => command.toUpperCase()));
  for (const [role, privileges] of table.grants) {
    if (role !== "PUBLIC" && !services.has(role)) continue;
    for (const [privilege, at] of privileges) {
      if (role === "PUBLIC" || !allowed.has(privilege)) yield [role, privilege, at];
    }
  }
}

/** Grants that are not on one table: on all of a schema, on the schema itself, on the database. */
function readWide(statement: ParsedStatement, services: ReadonlySet<string>): ActChange[] {
  if (!("GrantStmt" in statement.node)) return [];
  const node = statement.node.GrantStmt;
  const inSchemas = node.targtype === "ACL_TARGET_ALL_IN_SCHEMA" && node.objtype === "OBJECT_TABLE";
  const onContainer = node.objtype === "OBJECT_SCHEMA" || node.objtype === "OBJECT_DATABASE";
  if (!inSchemas && !onContainer) return [];
  const places = (node.objects ?? []).flatMap((object) =>
    "String" in object ? [object.String.sval ?? ""] : [],
  );
  const named = node.privileges === undefined ? ["ALL"] : privilegesOf(node.privileges);
  const wide = inSchemas
    ? named
    : named.filter((privilege) => ["ALL", "CREATE", "TEMP", "TEMPORARY"].includes(privilege));
  const kind = inSchemas ? "all tables in schema" : node.objtype === "OBJECT_SCHEMA" ? "schema" : "database";
  return places.flatMap((place) =>
    roleNames(node.grantees)
      .filter((role) => role === "PUBLIC" || services.has(role))
      .flatMap((role): ActChange[] => {
        const key = JSON.stringify([kind, place, role]);
        if (node.is_grant !== true) return [{ key, act: undefined }];
        if (wide.length === 0) return [];
        const detail = `this grants ${list(wide)} on ${kind} ${place} to ${role}`;
        return [{ key, act: { level: "error", subject: place, detail, fix: FIX } }];
      }),
  );
}

function list(words: readonly string[]): string {
  return words.join(", ");
}
