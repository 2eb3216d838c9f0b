import { tableSubject } from "../../catalog/facts.js";
import { granteeSql } from "../privileges.js";
import type { CatalogRule } from "../rule.js";

/** Extensions by which SQL reaches other servers as whoever it likes. */
const REACH_OUT: ReadonlySet<string> = new Set(["dblink"]);

/** Rows of another server come past every policy of this one. */
export const foreignTable: CatalogRule = {
  id: "foreign-table",
  threats: [52],
  check: ({ expected, catalog, reach }) => [
    ...[...catalog.relations, ...catalog.around.elsewhere]
      .filter(({ kind }) => kind === "foreign table")
      .map((relation) => {
        const reachable = reach.canReach(relation);
        return {
          level: reachable ? ("error" as const) : ("warning" as const),
          subject: tableSubject(relation.schema, relation.name),
          detail: `no policy of this server binds whoever reads this foreign table${reachable ? `, and ${expected.settings.roles.tenant} can reach it` : ""}`,
          fix: "Keep it out of the services' database, or in a schema on which they have no USAGE.",
        };
      }),
    ...catalog.around.extensions
      .filter((name) => REACH_OUT.has(name))
      .map((name) => ({
        level: "warning" as const,
        subject: name,
        detail: "with this extension SQL reaches other servers, where no policy applies",
        fix: "Keep it out of the services' database, or in a schema on which they have no USAGE.",
      })),
    ...catalog.around.openings
      .filter(({ kind }) => kind.startsWith("foreign "))
      .flatMap(({ kind, name, grants }) =>
        reach.heldBy(grants).map(({ role }) => ({
          level: "error" as const,
          subject: name,
          detail: `${role} may use this ${kind}, and so reach rows where no policy of this server applies`,
          fix: `revoke usage on ${kind} ${name} from ${granteeSql(role)};`,
        })),
      ),
  ],
};
