import { quoteIdentifier } from "../../core/identifiers.js";
import type { CatalogRule } from "../rule.js";

/** Default privileges open the next table before it has a policy. */
export const defaultPrivileges: CatalogRule = {
  id: "default-privileges",
  threats: [39],
  check: ({ catalog, reach }) =>
    catalog.around.defaultPrivileges.flatMap(({ maker, schema, grants }) =>
      reach.heldBy(grants).map(({ role, privileges }) => {
        const where = schema === null ? "" : ` in schema ${quoteIdentifier(schema)}`;
        const grantee = role === "PUBLIC" ? "public" : quoteIdentifier(role);
        return {
          level: "error",
          subject: role,
          detail: `every table that ${maker} makes${schema === null ? "" : ` in ${schema}`} grants ${privileges.join(", ")} to ${role}, before it has a policy`,
          fix: `alter default privileges for role ${quoteIdentifier(maker)}${where} revoke all on tables from ${grantee};`,
        };
      }),
    ),
};
