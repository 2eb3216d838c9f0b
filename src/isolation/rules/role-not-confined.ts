import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { privilegesSql } from "../privileges.js";
import type { AuditContext, AuditedTable, CatalogRule, RuleFinding } from "../rule.js";

/**
 * The floor binds the members of the tenant role, and nobody else. A service that can turn into the admin role leaves it
 * behind; one that is in the door role looks up what only the doors should.
 */
export const roleNotConfined: CatalogRule = {
  id: "role-not-confined",
  threats: [11, 36, 84],
  check: (context, tables) => [
    ...context.reach.services.flatMap((service) => [
      ...judge(service, context),
      ...judgeOwnGrants(service, context, tables),
    ]),
    ...judgeDoor(context),
  ],
};

/** The door role does what its functions do, and no more: nobody logs in as it, and it has nobody else's policies. */
function judgeDoor({ reach, expected }: AuditContext): RuleFinding[] {
  const { door, admin } = expected.settings.roles;
  return [
    ...(reach.roleNamed(door)?.canLogin === true
      ? [
          {
            level: "warning" as const,
            subject: door,
            detail: "the role can log in, and then reads without the doors what they look up",
            fix: `alter role ${quoteIdentifier(door)} nologin;`,
          },
        ]
      : []),
    ...(reach.inherits(door, admin)
      ? [
          {
            level: "error" as const,
            subject: door,
            detail: `the role inherits from ${admin}, so that every row is open to each of the doors`,
            fix: `revoke ${quoteIdentifier(admin)} from ${quoteIdentifier(door)}; and give the door role a policy for what its functions look up.`,
          },
        ]
      : []),
  ];
}

/**
 * The floor binds whoever inherits from the tenant role, and others once they have turned into it. What such a login was
 * granted by itself, it uses before that, with whatever policies are left.
 */
function judgeOwnGrants(
  service: string,
  { reach, expected }: AuditContext,
  tables: readonly AuditedTable[],
): RuleFinding[] {
  const { tenant } = expected.settings.roles;
  if (service === tenant || reach.inherits(service, tenant)) return [];
  return tables
    .filter(({ declaration }) => declaration.kind !== "global")
    .flatMap(({ relation, subject }) =>
      [...relation.grants, ...relation.columnGrants]
        .filter(({ role }) => role === service || (role !== tenant && reach.inherits(service, role)))
        .slice(0, 1)
        .map(
          ({ role, privileges }): RuleFinding => ({
            level: "error",
            subject: service,
            detail: `the role uses ${privileges.join(", ")} on ${subject}, given to ${role}, without being bound by the floor: it does not inherit from ${tenant}`,
            fix: `revoke ${privilegesSql(privileges)} on ${qualify(relation.schema, relation.name)} from ${quoteIdentifier(role)};`,
          }),
        ),
    );
}

function judge(service: string, { reach, expected, catalog }: AuditContext): RuleFinding[] {
  const { tenant, admin, door } = expected.settings.roles;
  // A superuser needs no role, and is role-too-strong's to tell.
  if (reach.roleNamed(service)?.superuser === true) return [];
  const gets = (name: string, role: string) =>
    role === admin && name !== tenant ? reach.becomes(name).has(role) : reach.rolesOf(name).includes(role);
  return [
    { role: admin, what: "whose policies let every row through: after SET ROLE no floor binds it" },
    { role: door, what: "so that it reads without them what the doors look up" },
  ].flatMap(({ role, what }): RuleFinding[] => {
    // What every service gets through the tenant role is told once.
    if (!gets(service, role) || (service !== tenant && gets(tenant, role))) return [];
    const direct = catalog.around.memberships.some((one) => one.member === service && one.role === role);
    return [
      {
        level: "error",
        subject: service,
        detail: `the role ${direct ? "is a member of" : "can come to be a member of"} ${role}, ${what}`,
        fix: direct
          ? `revoke ${quoteIdentifier(role)} from ${quoteIdentifier(service)};`
          : `Break the chain of memberships between ${service} and ${role}.`,
      },
    ];
  });
}
