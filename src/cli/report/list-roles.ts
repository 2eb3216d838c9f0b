import type { Catalog } from "../../catalog/catalog.js";
import { tableSubject } from "../../catalog/facts.js";
import type { RoleNode } from "../../catalog/surroundings.js";
import type { Expected } from "../../isolation/expected.js";
import { followMemberships } from "../../isolation/follow-memberships.js";
import { findServiceReach } from "../../isolation/service-reach.js";
import { STRONG_ROLES } from "../../isolation/strong-roles.js";
import type { ReportRole } from "./report.js";

/** The first major version in which CREATEROLE does not reach every role. */
const CREATEROLE_TAMED = 16;

/**
 * The roles that matter to isolation: those of the schema, the services, owners, the one that made the report, and
 * whoever may see rows of more than one tenant, by itself or by what it is a member of.
 */
export function listRoles(
  expected: Expected,
  catalog: Catalog,
  server: { readonly major: number; readonly role: string },
): { readonly roles: ReportRole[]; readonly others: number } {
  const { around } = catalog;
  const own = expected.settings.roles;
  const { services } = findServiceReach(catalog, expected.settings);
  const owned = ownedTables(expected, catalog);
  const powers = new Map(
    around.roles.map((role) => [role.name, powersOf(role, own, owned.get(role.name) ?? [], server.major)]),
  );
  const upwards = around.memberships.filter(
    ({ inherits, canBecome, administers }) => inherits || canBecome || administers,
  );
  const rows = around.roles
    .filter(({ name }) => !name.startsWith("pg_"))
    .map((role): ReportRole => {
      const { name } = role;
      const borrowed = followMemberships([name], upwards, "member", "role")
        .filter((other) => (powers.get(other) ?? []).length > 0)
        .sort()
        .map((other) => `can act as ${other}`);
      const all = [...(powers.get(name) ?? []), ...borrowed];
      const is = [
        ...(name === own.tenant ? ["tenant role"] : []),
        ...(name === own.admin ? ["admin role"] : []),
        ...(name === own.door ? ["door role"] : []),
        ...(services.includes(name) && name !== own.tenant ? ["service login"] : []),
        ...(owned.has(name) ? ["owner of tables"] : []),
        ...(name === server.role ? ["made this report"] : []),
      ];
      const isDoor = name === own.door && all.length === 0;
      const bound = services.includes(name)
        ? "policies and floors bind it to the tenant of the context"
        : "no policy lets it see a row";
      return {
        name,
        is,
        login: role.canLogin,
        crosses: isDoor ? "through doors" : all.length > 0 ? "yes" : "no",
        why: isDoor
          ? ["reads the columns that doors name, in their functions alone"]
          : all.length > 0
            ? all
            : [bound],
      };
    });
  const roles = rows.filter(({ is, crosses }) => is.length > 0 || crosses !== "no").sort(byGravity);
  return { roles, others: rows.length - roles.length };
}

function ownedTables(expected: Expected, { relations }: Catalog): ReadonlyMap<string, readonly OwnedTable[]> {
  const declared = new Set(expected.tables.map(({ schema, name }) => tableSubject(schema, name)));
  const owned = new Map<string, OwnedTable[]>();
  for (const { schema, name, owner, forced } of relations) {
    const subject = tableSubject(schema, name);
    if (declared.has(subject)) owned.set(owner, [...(owned.get(owner) ?? []), { subject, forced }]);
  }
  return owned;
}

type OwnedTable = { readonly subject: string; readonly forced: boolean };

/** Why a role, by itself, may see the rows of more than one tenant. */
function powersOf(
  role: RoleNode,
  own: Expected["settings"]["roles"],
  owned: readonly OwnedTable[],
  major: number,
): string[] {
  return [
    ...(role.superuser ? ["superuser: row security does not apply to it"] : []),
    ...(role.bypassesRowSecurity && !role.superuser ? ["BYPASSRLS: row security does not apply to it"] : []),
    ...(role.name === own.admin ? ["has a policy of its own on every tenant table, for audited work"] : []),
    ...(owned.length > 0 ? ["owns tables, and may switch their row security off"] : []),
    ...(role.replication && !role.superuser ? ["REPLICATION: may copy all that is written"] : []),
    ...(role.createsRoles && !role.superuser && major < CREATEROLE_TAMED
      ? [`CREATEROLE: below PostgreSQL ${CREATEROLE_TAMED} it may join any role but a superuser`]
      : []),
    ...(STRONG_ROLES.has(role.name) ? ["reaches more than its own rows"] : []),
  ];
}

/** Who crosses first, logins before groups, then by name. */
function byGravity(one: ReportRole, other: ReportRole): number {
  const rank = ({ crosses, login }: ReportRole) =>
    ["yes", "through doors", "no"].indexOf(crosses) * 2 + (login ? 0 : 1);
  return rank(one) - rank(other) || (one.name < other.name ? -1 : 1);
}
