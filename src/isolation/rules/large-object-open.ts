import { amongPrivileges, granteeSql, privilegesSql } from "../privileges.js";
import type { AuditContext, CatalogRule, RuleFinding } from "../rule.js";

/** Large objects lie in one table for all tenants, which no policy can be put on: who knows the number has the bytes. */
export const largeObjectOpen: CatalogRule = {
  id: "large-object-open",
  threats: [56],
  check: (context, tables) => [
    ...judgeObjects(context),
    ...judgeSetting(context),
    ...tables
      .filter(({ declaration }) => declaration.kind !== "global")
      .flatMap(({ relation, subject }) =>
        relation.columns
          .filter(({ type }) => /^(oid|(.+\.)?lo)$/.test(type))
          .map(
            ({ name, type }): RuleFinding => ({
              level: "warning",
              subject,
              about: name,
              detail: `the column ${name} has the type ${type}, with which rows refer to large objects: no policy protects those`,
              fix: "Keep the bytes in the row itself, as bytea, or in a store of files under the tenant's id.",
            }),
          ),
      ),
  ],
};

function judgeObjects({ catalog, reach, expected }: AuditContext): RuleFinding[] {
  const { tenant } = expected.settings.roles;
  return catalog.around.largeObjects.flatMap(({ count, example, owner, grants }) => {
    const which =
      count === 1 ? `the large object ${example}` : `${count} large objects, ${example} among them,`;
    const revokes = reach.heldBy(grants).flatMap((grant) => {
      const held = amongPrivileges(grant, ["SELECT", "UPDATE"]);
      if (held.length === 0) return [];
      return [`revoke ${privilegesSql(held)} on large object ${example} from ${granteeSql(grant.role)};`];
    });
    const isOwn = reach.isHolder(owner);
    if (revokes.length === 0 && !isOwn) return [];
    return [
      {
        level: "error" as const,
        subject: isOwn ? owner : tenant,
        detail: `services can reach ${which} whose bytes no policy protects`,
        fix: isOwn
          ? `Keep the bytes in a tenant table, then: select lo_unlink(${example});`
          : revokes.join(" "),
      },
    ];
  });
}

/** For old clients: with it, large objects ask nobody for privileges. */
function judgeSetting({ catalog, reach }: AuditContext): RuleFinding[] {
  const name = "lo_compat_privileges";
  const given = catalog.around.settings.some(
    (one) => one.name === name && isOn(one.value) && (one.role === null || reach.isHolder(one.role)),
  );
  if (!given && !catalog.around.largeObjectsUnchecked) return [];
  return [
    {
      level: "error",
      subject: name,
      detail: "with this setting on, every role reads and writes every large object",
      fix: `Set ${name} to off where it is on: in postgresql.conf, by alter system, alter database or alter role.`,
    },
  ];
}

function isOn(value: string): boolean {
  return /^(on|true|yes|1|t|y)$/i.test(value);
}
