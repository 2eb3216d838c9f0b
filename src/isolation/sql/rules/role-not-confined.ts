import { quoteIdentifier } from "../../../core/identifiers.js";
import { findServices } from "../roles/find-services.js";
import type { MembershipChange } from "../roles/read-memberships.js";
import { readMemberships } from "../roles/read-memberships.js";
import type { SqlRule } from "../sql-rule.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** A login that services use and that can turn into the admin or the door role leaves the floor behind. */
export const roleNotConfined: SqlRule = {
  id: "role-not-confined",
  threats: [36, 84],
  check: (context) => {
    const { tenant, admin, door } = context.expected.settings.roles;
    const services = findServices(context.units, tenant);
    const powers = [
      { role: admin, what: "whose policies let every row through: after SET ROLE no floor binds it" },
      { role: door, what: "so that it reads without them what the doors look up" },
    ].map((power) => ({ ...power, holders: findServices(context.units, power.role) }));
    const judge = (change: MembershipChange): ActChange[] => {
      const { group, member, isGrant } = change;
      // What the groups themselves become members of is told by role-too-strong.
      if (!services.has(member) || [tenant, door, "PUBLIC"].includes(member)) return [];
      return powers.flatMap(({ role, what, holders }): ActChange[] => {
        // The floor binds whoever has the admin role's rights, and cannot turn into it.
        if (!holders.has(group) || (role === admin && group === admin && !change.canBecome)) return [];
        const key = JSON.stringify([role, group, member]);
        if (!isGrant) return [{ key, act: undefined }];
        const how = group === role ? "becomes a member of" : `can come to be, through ${group}, a member of`;
        const fix = `Use two logins for two levels of trust: revoke ${quoteIdentifier(group)} from ${quoteIdentifier(member)};`;
        const detail = `the role, which is in ${tenant}, ${how} ${role}, ${what}`;
        return [{ key, act: { level: "error", subject: member, detail, fix } }];
      });
    };
    return trackActs(context, ({ node }) => readMemberships(node).flatMap(judge));
  },
};
