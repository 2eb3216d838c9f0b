import type { Catalog, Grant, Relation } from "../catalog/catalog.js";
import type { RoleNode } from "../catalog/surroundings.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { followMemberships } from "./follow-memberships.js";

/** Who services are, and what they can get at: the tenant role, its logins, and whatever those are members of. */
export type ServiceReach = {
  /** The tenant role first, then every login that acts as a member of it. */
  readonly services: readonly string[];
  /** The roles that one of the services can act as, however indirectly; itself not among them. */
  readonly rolesOf: (service: string) => readonly string[];
  /** The roles that one of the services can turn into by SET ROLE, at once or after giving them to itself. */
  readonly becomes: (service: string) => ReadonlySet<string>;
  /** True if a role has what another was given without SET ROLE, however indirectly. */
  readonly inherits: (member: string, role: string) => boolean;
  /** True if a grant to this role, or to PUBLIC, is one to services. The admin role's policies are not services' own. */
  readonly isHolder: (role: string) => boolean;
  readonly heldBy: (grants: readonly Grant[]) => readonly Grant[];
  /** True if services hold something on a relation or own it, and may use the schema in which it lies. */
  readonly canReach: (relation: Pick<Relation, "schema" | "owner" | "grants" | "columnGrants">) => boolean;
  readonly canUseSchema: (schema: string) => boolean;
  readonly roleNamed: (name: string) => RoleNode | undefined;
  /** True if a role sees, as the owner of a view or function does, no more than a service would. */
  readonly isBound: (role: string) => boolean;
};

/** Works out the {@link ServiceReach} from the server's graph of roles. */
export function findServiceReach({ around }: Catalog, { roles }: TenancySettings): ServiceReach {
  const byName = new Map(around.roles.map((role) => [role.name, role]));
  const acting = around.memberships.filter(({ inherits, canBecome }) => inherits || canBecome);
  const members = followMemberships([roles.tenant], acting, "role", "member");
  const logins = members.filter((name) => byName.get(name)?.canLogin === true).sort();
  const services = [roles.tenant, ...logins];
  const upwards = around.memberships.filter(
    ({ inherits, canBecome, administers }) => inherits || canBecome || administers,
  );
  const rolesOf = new Map(
    services.map((name) => [name, followMemberships([name], upwards, "member", "role")]),
  );
  const becoming = around.memberships.filter(({ canBecome, administers }) => canBecome || administers);
  const becomes = (service: string): ReadonlySet<string> => {
    // Who inherits from a role gives what that role may give, to itself as well.
    const acts = new Set([service, ...(rolesOf.get(service) ?? [])]);
    const given = around.memberships.filter(({ member, administers }) => administers && acts.has(member));
    const first = given.map(({ role }) => role);
    return new Set([...first, ...followMemberships([service, ...first], becoming, "member", "role")]);
  };
  const inheriting = around.memberships.filter((one) => one.inherits);
  const holders = new Set(["PUBLIC", ...services, ...[...rolesOf.values()].flat()]);
  for (const role of [roles.admin, roles.door]) holders.delete(role);
  const isHolder = (role: string) => holders.has(role);
  const heldBy = (grants: readonly Grant[]) => grants.filter(({ role }) => isHolder(role));
  const usable = new Set(
    around.schemas
      .filter(
        ({ owner, grants }) =>
          isHolder(owner) || heldBy(grants).some(({ privileges }) => privileges.some(isUsage)),
      )
      .map(({ name }) => name),
  );
  const tenantMembers = new Set(members);
  return {
    services,
    rolesOf: (service) => rolesOf.get(service) ?? [],
    becomes,
    inherits: (member, role) => followMemberships([member], inheriting, "member", "role").includes(role),
    isHolder,
    heldBy,
    canReach: ({ schema, owner, grants, columnGrants }) =>
      usable.has(schema) && (isHolder(owner) || heldBy([...grants, ...columnGrants]).length > 0),
    canUseSchema: (schema) => usable.has(schema),
    roleNamed: (name) => byName.get(name),
    isBound: (name) => {
      const role = byName.get(name);
      const isFree = role === undefined || role.superuser || role.bypassesRowSecurity;
      return !isFree && (name === roles.tenant || tenantMembers.has(name));
    },
  };
}

function isUsage(privilege: string): boolean {
  return privilege === "USAGE" || privilege === "USAGE*";
}
