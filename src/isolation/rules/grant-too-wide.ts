import type { Grant } from "../../catalog/catalog.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { granteeSql, privilegesSql } from "../privileges.js";
import {
  type AuditContext,
  type AuditedTable,
  type CatalogRule,
  type RuleFinding,
  restored,
} from "../rule.js";

/** TRUNCATE ignores policies, REFERENCES and TRIGGER build side channels, CREATE plants objects; PUBLIC is everyone. */
export const grantTooWide: CatalogRule = {
  id: "grant-too-wide",
  threats: [40, 41, 42, 43],
  check: (context, tables) => [
    ...tables.flatMap((table) => judgeTable(table, context)),
    ...judgeSchemas(context),
    ...judgeDatabase(context),
  ],
};

function judgeTable(table: AuditedTable, { expected, reach }: AuditContext): RuleFinding[] {
  const { relation, declaration, subject } = table;
  const allowed = new Set<string>(declaration.commands.map((command) => command.toUpperCase()));
  const excess = new Map<string, Set<string>>();
  const grants: readonly Grant[] = [...relation.grants, ...relation.columnGrants];
  for (const grant of reach.heldBy(grants)) {
    const beyond =
      grant.role === "PUBLIC"
        ? grant.privileges
        : grant.privileges.filter((privilege) => !allowed.has(privilege));
    if (beyond.length > 0) excess.set(grant.role, new Set([...(excess.get(grant.role) ?? []), ...beyond]));
  }
  const { tenant } = expected.settings.roles;
  return [...excess].map(([role, privileges]) => ({
    level: "error",
    subject,
    detail: `${role} holds ${[...privileges].join(", ")}, which the schema does not give it`,
    fix:
      role === "PUBLIC" || role === tenant
        ? restored()
        : `revoke ${privilegesSql([...privileges])} on ${qualify(relation.schema, relation.name)} from ${granteeSql(role)};`,
  }));
}

function judgeSchemas({ expected, catalog, reach }: AuditContext): RuleFinding[] {
  const managed = new Set(expected.tables.map(({ schema }) => schema));
  return catalog.around.schemas.flatMap((schema) =>
    holdersOf("CREATE", reach.heldBy(schema.grants)).map(
      (role): RuleFinding => ({
        level: managed.has(schema.name) ? "error" : "warning",
        subject: schema.name,
        detail: `${role} may create objects in this schema, and so put its own in the way of others'`,
        fix: `revoke create on schema ${quoteIdentifier(schema.name)} from ${granteeSql(role)};`,
      }),
    ),
  );
}

/** That PUBLIC may make temporary tables is PostgreSQL's own default, so only a grant by name is told. */
function judgeDatabase({ catalog, reach }: AuditContext): RuleFinding[] {
  const { database } = catalog.around;
  const grants = reach.heldBy(database.grants);
  const finding = (level: "error" | "warning", role: string, privilege: string, detail: string) => ({
    level,
    subject: database.name,
    detail,
    fix: `revoke ${privilege} on database ${quoteIdentifier(database.name)} from ${granteeSql(role)};`,
  });
  return [
    ...holdersOf("CREATE", grants).map((role) =>
      finding("error", role, "create", `${role} may create schemas in this database`),
    ),
    ...holdersOf("TEMPORARY", grants)
      .filter((role) => role !== "PUBLIC")
      .map((role) =>
        finding(
          "warning",
          role,
          "temporary",
          `${role} may make temporary tables, which outlive a transaction and meet the next tenant`,
        ),
      ),
  ];
}

function holdersOf(privilege: string, grants: readonly Grant[]): string[] {
  return grants
    .filter(({ privileges }) => privileges.includes(privilege) || privileges.includes(`${privilege}*`))
    .map(({ role }) => role);
}
