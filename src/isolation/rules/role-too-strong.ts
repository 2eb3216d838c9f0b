import { tableSubject } from "../../catalog/facts.js";
import type { RoleNode } from "../../catalog/surroundings.js";
import { ENGINE_SCHEMA } from "../../core/engine-schema.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import type { AuditContext, CatalogRule, RuleFinding } from "../rule.js";
import { STRONG_ROLES } from "../strong-roles.js";

/** The roles that services act as must be bound by row security, whoever made them, and own nothing. */
export const roleTooStrong: CatalogRule = {
  id: "role-too-strong",
  threats: [35, 36, 37, 38, 44, 45],
  check: (context) => {
    const { reach, expected } = context;
    const groups = Object.values(expected.settings.roles);
    const judged = [...new Set([...groups, ...reach.services])];
    return [
      ...judged.flatMap((name) => {
        const role = reach.roleNamed(name);
        return role === undefined ? [] : ownPowers(role);
      }),
      ...reach.services.flatMap((service) => borrowedPowers(service, context)),
      ...ownedThings(context),
    ];
  },
};

function powersOf(role: RoleNode): string[] {
  return [
    ...(role.superuser ? ["SUPERUSER"] : []),
    ...(role.bypassesRowSecurity ? ["BYPASSRLS"] : []),
    ...(role.createsRoles ? ["CREATEROLE"] : []),
    ...(role.replication ? ["REPLICATION"] : []),
  ];
}

function ownPowers(role: RoleNode): RuleFinding[] {
  const powers = powersOf(role);
  if (powers.length === 0) return [];
  return [
    {
      level: "error",
      subject: role.name,
      detail: `the role has ${powers.join(", ")}`,
      fix: `alter role ${quoteIdentifier(role.name)} ${powers.map((power) => `no${power.toLowerCase()}`).join(" ")};`,
    },
  ];
}

/** What a service is a member of, however indirectly. What the tenant role can become is told once, and not per login. */
function borrowedPowers(service: string, { reach, expected, catalog }: AuditContext): RuleFinding[] {
  const { tenant } = expected.settings.roles;
  const common = new Set(service === tenant ? [] : [tenant, ...reach.rolesOf(tenant)]);
  return reach.rolesOf(service).flatMap((name): RuleFinding[] => {
    if (common.has(name)) return [];
    const role = reach.roleNamed(name);
    const powers = role === undefined ? [] : powersOf(role);
    const why = STRONG_ROLES.has(name)
      ? `with what ${name} may do`
      : powers.length > 0
        ? `which has ${powers.join(", ")}`
        : undefined;
    if (why === undefined) return [];
    const isDirect = catalog.around.memberships.some(
      (one) => one.member === service && one.role === name && (one.inherits || one.canBecome),
    );
    const how = isDirect ? "is a member of" : "can come to be a member of";
    return [
      {
        level: "error",
        subject: service,
        detail: `the role ${how} ${name}, ${why}`,
        fix: `revoke ${quoteIdentifier(name)} from ${quoteIdentifier(service)};${isDirect ? "" : " Or break the chain of memberships between them."}`,
      },
    ];
  });
}

/** An owner may switch row security off, and grant what it likes. */
function ownedThings({ reach, expected, catalog }: AuditContext): RuleFinding[] {
  const { roles } = expected.settings;
  const { database, schemas } = catalog.around;
  const managed = new Set([...expected.tables.map(({ schema }) => schema), ENGINE_SCHEMA]);
  const owned = [
    ...(expected.tables.length === 0
      ? []
      : [{ what: `the database ${database.name}`, owner: database.owner }]),
    ...schemas
      .filter(({ name }) => managed.has(name))
      .map(({ name, owner }) => ({ what: `the schema ${name}`, owner })),
    ...expected.tables.flatMap(({ schema, name }) => {
      const relation = catalog.relations.find((one) => one.schema === schema && one.name === name);
      return relation === undefined ? [] : [{ what: tableSubject(schema, name), owner: relation.owner }];
    }),
    // Whoever owns a function writes what runs as everybody who calls it, or whose row a trigger of it sees.
    ...catalog.functions.map((made) => ({
      what: `the function ${tableSubject(made.schema, made.name)}`,
      owner: made.owner === roles.door ? "" : made.owner,
    })),
  ];
  const byOwner = new Map<string, string[]>();
  for (const { what, owner } of owned) byOwner.set(owner, [...(byOwner.get(owner) ?? []), what]);
  const own = new Set([...Object.values(roles), ...reach.services]);
  return [...byOwner]
    .filter(([owner]) => own.has(owner) || reach.isHolder(owner))
    .map(([owner, things]) => ({
      level: "error",
      subject: owner,
      detail: `${own.has(owner) ? "the role owns" : "services can act as this role, which owns"} ${listSome(things)}: an owner may change them, and switch row security off`,
      fix: "Give them to the migrator: alter … owner to …; or take the services out of the role.",
    }));
}

const SHOWN = 3;

function listSome(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return more > 0 ? `${names.slice(0, SHOWN).join(", ")} and ${more} more` : names.join(", ");
}
