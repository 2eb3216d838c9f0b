import type { Node } from "libpg-query";
import { findCalls } from "../find-calls.js";
import { findServices } from "../roles/find-services.js";
import type { SqlRule } from "../sql-rule.js";
import { roleNames } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

const FIX = "Keep the bytes in the row itself, as bytea, or in a store of files under the tenant's id.";

/** Large objects lie in one table for all tenants, and no policy can be put on it. */
export const largeObjectOpen: SqlRule = {
  id: "large-object-open",
  threats: [56],
  check: (context) => {
    const services = findServices(context.units, context.expected.settings.roles.tenant);
    return [
      ...findCalls(context, /^(lo_\w+|loread|lowrite)$/, {
        level: "warning",
        detail:
          "large objects have no policies: whoever owns one or is granted it reads it, whatever tenant it is of",
        fix: FIX,
      }),
      ...trackActs(context, ({ node }) => readGrant(node, services)),
    ];
  },
};

function readGrant(node: Node, services: ReadonlySet<string>): ActChange[] {
  if (!("GrantStmt" in node) || node.GrantStmt.objtype !== "OBJECT_LARGEOBJECT") return [];
  const { grantees, is_grant } = node.GrantStmt;
  return roleNames(grantees)
    .filter((role) => role === "PUBLIC" || services.has(role))
    .map((role): ActChange => {
      if (is_grant !== true) return { key: role, act: undefined };
      const detail = `${role} holds privileges on a large object, whatever tenant it is of`;
      return { key: role, act: { level: "error", subject: role, detail, fix: FIX } };
    });
}
