import { granteeSql, privilegesSql } from "../privileges.js";
import type { CatalogRule } from "../rule.js";

/** Catalogs with values of all tenants' rows, and functions that read past policies, which PUBLIC does not have by birth. */
export const internalsGranted: CatalogRule = {
  id: "internals-granted",
  threats: [52, 56, 67, 68, 69],
  check: ({ catalog, reach }) =>
    catalog.around.openings
      .filter(({ kind }) => kind === "catalog" || kind === "function")
      .flatMap(({ kind, name, grants }) =>
        reach
          .heldBy(grants)
          // A role of PostgreSQL's own has what it was born with: who is in it is role-too-strong's.
          .filter(({ role }) => !role.startsWith("pg_"))
          .map(({ role, privileges }) => ({
            level: "error",
            subject: name,
            detail: `${role} holds ${privileges.join(", ")} on it, which nobody has by birth: it tells of every tenant's rows, or of the server's`,
            fix: `revoke ${privilegesSql(privileges)} on ${kind === "function" ? "function" : "table"} ${name} from ${granteeSql(role)};`,
          })),
      ),
};
