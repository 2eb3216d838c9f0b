import type { Grant } from "../../catalog/catalog.js";
import { type AuditedTable, type CatalogRule, REPAIR } from "../rule.js";

/** TRUNCATE ignores policies, REFERENCES and TRIGGER build side channels, and PUBLIC is everyone. */
export const grantTooWide: CatalogRule = {
  id: "grant-too-wide",
  threats: [40, 41, 42, 43],
  check: ({ expected }, tables) =>
    tables.flatMap((table) => {
      const { relation, declaration } = table;
      const { tenant } = expected.settings.roles;
      const allowed = new Set<string>(declaration.commands.map((command) => command.toUpperCase()));
      const grants: readonly Grant[] = [...relation.grants, ...relation.columnGrants];
      return grants.flatMap((grant) => {
        if (grant.role === "PUBLIC") return [tooWide(table, "PUBLIC", grant.privileges)];
        const excess =
          grant.role === tenant ? grant.privileges.filter((privilege) => !allowed.has(privilege)) : [];
        return excess.length === 0 ? [] : [tooWide(table, tenant, excess)];
      });
    }),
};

function tooWide({ subject }: AuditedTable, role: string, privileges: readonly string[]) {
  return {
    level: "error" as const,
    subject,
    detail: `${role} holds ${privileges.join(", ")}, which the schema does not give it`,
    fix: REPAIR,
  };
}
