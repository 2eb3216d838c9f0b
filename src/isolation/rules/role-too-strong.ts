import { quoteIdentifier } from "../../core/identifiers.js";
import type { CatalogRule } from "../rule.js";

/** The roles that services are members of must be bound by row security, whoever made them. */
export const roleTooStrong: CatalogRule = {
  id: "role-too-strong",
  threats: [35, 36],
  check: ({ expected, catalog }) =>
    catalog.roles
      .filter((role) => Object.values(expected.settings.roles).includes(role.name))
      .flatMap((role) => {
        const powers = [
          ...(role.superuser ? ["SUPERUSER"] : []),
          ...(role.bypassesRowSecurity ? ["BYPASSRLS"] : []),
          ...(role.createsRoles ? ["CREATEROLE"] : []),
          ...(role.replication ? ["REPLICATION"] : []),
        ];
        if (powers.length === 0) return [];
        return [
          {
            level: "error" as const,
            subject: role.name,
            detail: `the role has ${powers.join(", ")}`,
            fix: `alter role ${quoteIdentifier(role.name)} ${powers.map((power) => `no${power.toLowerCase()}`).join(" ")};`,
          },
        ];
      }),
};
