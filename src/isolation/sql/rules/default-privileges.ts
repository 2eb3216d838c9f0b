import { privilegesOf } from "../apply/grant.js";
import { findServices } from "../roles/find-services.js";
import type { SqlRule } from "../sql-rule.js";
import { partsOf, roleNames } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** Default privileges open the next table before it has a policy. */
export const defaultPrivileges: SqlRule = {
  id: "default-privileges",
  threats: [39],
  check: (context) => {
    const services = findServices(context.units, context.expected.settings.roles.tenant);
    return trackActs(context, ({ node }) => {
      if (!("AlterDefaultPrivilegesStmt" in node)) return [];
      const { action, options } = node.AlterDefaultPrivilegesStmt;
      const onSchemas = action?.objtype === "OBJECT_SCHEMA";
      if (action === undefined || (action.objtype !== "OBJECT_TABLE" && !onSchemas)) return [];
      const given =
        action.privileges === undefined ? "all privileges" : privilegesOf(action.privileges).join(", ");
      // That services may use a schema opens nothing that is in it.
      if (onSchemas && action.is_grant === true && given === "USAGE") return [];
      const scope = JSON.stringify(
        (options ?? []).map((option) =>
          "DefElem" in option && option.DefElem.arg !== undefined
            ? [
                option.DefElem.defname,
                ...roleNames(listOf(option.DefElem.arg)),
                ...partsOf(option.DefElem.arg),
              ]
            : [],
        ),
      );
      return roleNames(action.grantees)
        .filter((role) => role === "PUBLIC" || services.has(role))
        .map((role): ActChange => {
          const key = `${scope} ${onSchemas ? "schemas" : "tables"} ${role}`;
          if (action.is_grant !== true) return { key, act: undefined };
          return {
            key,
            act: {
              level: "error",
              subject: role,
              detail: `every ${onSchemas ? "schema" : "table"} made from now on grants ${given} to ${role}${onSchemas ? "" : ", before it has a policy"}`,
              fix: "Take it out; the completion grants each table what the schema declares for it.",
            },
          };
        });
    });
  },
};

function listOf(node: Parameters<typeof partsOf>[0]) {
  return "List" in node ? node.List.items : [node];
}
