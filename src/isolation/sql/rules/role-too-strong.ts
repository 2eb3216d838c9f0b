import type { Node } from "libpg-query";
import { quoteIdentifier } from "../../../core/identifiers.js";
import type { TenancySettings } from "../../../core/tenancy-settings.js";
import { STRONG_ROLES } from "../../strong-roles.js";
import { findServices } from "../roles/find-services.js";
import { readAssumed } from "../roles/read-assumed.js";
import type { MembershipChange } from "../roles/read-memberships.js";
import { readMemberships } from "../roles/read-memberships.js";
import { readOwners } from "../roles/read-owners.js";
import type { SqlRule } from "../sql-rule.js";
import { roleName, valueText } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** The roles that services are members of must be bound by row security; nobody is to be freed from it in passing. */
export const roleTooStrong: SqlRule = {
  id: "role-too-strong",
  threats: [35, 36, 37, 38, 44, 45],
  check: (context) => {
    const { roles } = context.expected.settings;
    const services = findServices(context.units, roles.tenant);
    return trackActs(context, ({ node }) => [
      ...readOptions(node, roles),
      ...readMemberships(node).flatMap((change) => judgeMembership(change, roles, services)),
      ...readOwners(node, roles, services),
      ...readAssumed(node, roles),
      ...readRename(node, roles),
    ]);
  },
};

type Roles = TenancySettings["roles"];

/** Options of CREATE and ALTER ROLE, as the parser calls them, that no policy holds. */
const FREE_OF_POLICIES: Readonly<Record<string, string>> = { superuser: "SUPERUSER", bypassrls: "BYPASSRLS" };
/** These let a role make itself stronger, or read past the policies. */
const TOO_MUCH_FOR_SERVICES: Readonly<Record<string, string>> = {
  ...FREE_OF_POLICIES,
  createrole: "CREATEROLE",
  isreplication: "REPLICATION",
};
/** Who owns a database, or the whole server, in most installations. */
const OWNERS: ReadonlySet<string> = new Set(["postgres", "pg_database_owner"]);

function readOptions(node: Node, roles: Roles): ActChange[] {
  const [role, options] =
    "CreateRoleStmt" in node
      ? [node.CreateRoleStmt.role ?? "", node.CreateRoleStmt.options]
      : "AlterRoleStmt" in node
        ? [roleName(node.AlterRoleStmt.role), node.AlterRoleStmt.options]
        : ["", []];
  const isService = Object.values(roles).includes(role);
  const powers = isService ? TOO_MUCH_FOR_SERVICES : FREE_OF_POLICIES;
  return (options ?? []).flatMap((each): ActChange[] => {
    const option = "DefElem" in each ? each.DefElem : {};
    const power = powers[option.defname ?? ""];
    if (power === undefined) return [];
    const key = JSON.stringify(["power", role, power]);
    if (valueText(option.arg) !== "true") return [{ key, act: undefined }];
    return [
      {
        key,
        act: {
          level: "error",
          subject: role,
          detail: `the role gets ${power}`,
          fix: `Take it out: alter role ${quoteIdentifier(role)} no${power.toLowerCase()}. What needs it is an operator's login, not a migration's work.`,
        },
      },
    ];
  });
}

function judgeMembership(
  { group, member, isGrant }: MembershipChange,
  roles: Roles,
  services: ReadonlySet<string>,
): ActChange[] {
  const isGroup = member === roles.tenant || member === roles.door || member === "PUBLIC";
  const isStrong = STRONG_ROLES.has(group) || OWNERS.has(group);
  if (!isGroup && !STRONG_ROLES.has(group) && !(services.has(member) && isStrong)) return [];
  const key = JSON.stringify(["member", group, member]);
  if (!isGrant) return [{ key, act: undefined }];
  return [
    {
      key,
      act: {
        // A login for backups may well have it; a role that services are members of may not.
        level: isGroup || services.has(member) || Object.values(roles).includes(member) ? "error" : "warning",
        subject: member,
        detail: `the role becomes a member of ${group}, with all that ${group} may do`,
        fix: `revoke ${quoteIdentifier(group)} from ${quoteIdentifier(member)};`,
      },
    },
  ];
}

/** Policies and grants go with the role, and not with its name: whoever gets the name has neither, or another's. */
function readRename(node: Node, roles: Roles): ActChange[] {
  if (!("RenameStmt" in node) || node.RenameStmt.renameType !== "OBJECT_ROLE") return [];
  const { subname = "", newname = "" } = node.RenameStmt;
  const ours: readonly string[] = Object.values(roles);
  const back: ActChange = { key: JSON.stringify(["name", newname, subname]), act: undefined };
  if (!ours.includes(subname) && !ours.includes(newname)) return [back];
  const detail = `the role ${subname} is called ${newname} from then on: its policies and grants go with it, and not with the name`;
  const fix = "Take it out; the names of the roles are those of defineTenancy().";
  const key = JSON.stringify(["name", subname, newname]);
  // Back to the name that it had.
  return [
    back,
    ...(ours.includes(subname)
      ? [{ key, act: { level: "error" as const, subject: subname, detail, fix } }]
      : []),
  ];
}
