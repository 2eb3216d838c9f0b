import type { DefaultPrivilege } from "../../catalog/surroundings.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import { amongPrivileges, granteeSql } from "../privileges.js";
import type { CatalogRule } from "../rule.js";

/**
 * What opens rows, or a place to plant objects in, before anybody has said who may. USAGE on sequences, types and
 * schemas opens no row; and EXECUTE on functions PUBLIC has anyway.
 */
const OPENING: Partial<Record<DefaultPrivilege["kind"], readonly string[]>> = {
  sequences: ["SELECT", "UPDATE"],
  schemas: ["CREATE"],
  "large objects": ["SELECT", "UPDATE"],
};

/** Default privileges open the next table before it has a policy. */
export const defaultPrivileges: CatalogRule = {
  id: "default-privileges",
  threats: [39],
  check: ({ catalog, reach }) =>
    catalog.around.defaultPrivileges
      .filter(({ kind }) => kind === "tables" || OPENING[kind] !== undefined)
      .flatMap(({ kind, maker, schema, grants }) =>
        reach.heldBy(grants).flatMap((grant) => {
          const privileges =
            kind === "tables" ? grant.privileges : amongPrivileges(grant, OPENING[kind] ?? []);
          if (privileges.length === 0) return [];
          const where = schema === null ? "" : ` in schema ${quoteIdentifier(schema)}`;
          const what = kind === "tables" ? "table" : kind.slice(0, -1);
          return [
            {
              level: kind === "tables" ? "error" : "warning",
              subject: grant.role,
              detail: `every ${what} that ${maker} makes${schema === null ? "" : ` in ${schema}`} grants ${privileges.join(", ")} to ${grant.role}${kind === "tables" ? ", before it has a policy" : ""}`,
              fix: `alter default privileges for role ${quoteIdentifier(maker)}${where} revoke all on ${kind} from ${granteeSql(grant.role)};`,
            },
          ];
        }),
      ),
};
