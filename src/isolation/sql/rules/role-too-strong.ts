import type { DefElem, Node } from "libpg-query";
import { quoteIdentifier } from "../../../core/identifiers.js";
import type { TenancySettings } from "../../../core/tenancy-settings.js";
import { STRONG_ROLES } from "../../strong-roles.js";
import type { ParsedStatement } from "../parse-migration.js";
import type { SqlRule } from "../sql-rule.js";
import { partsOf, roleName, roleNames, valueText } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** The roles that services are members of must be bound by row security; nobody is to be freed from it in passing. */
export const roleTooStrong: SqlRule = {
  id: "role-too-strong",
  threats: [35, 36, 37, 38, 44, 45],
  check: (context) => trackActs(context, ({ node }) => readPowers(node, context.expected.settings.roles)),
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

function readPowers(node: ParsedStatement["node"], roles: Roles): ActChange[] {
  if ("CreateRoleStmt" in node) {
    const { role = "", options } = node.CreateRoleStmt;
    return [...readOptions(role, options, roles), ...readMemberOptions(role, options, roles)];
  }
  if ("AlterRoleStmt" in node) {
    return readOptions(roleName(node.AlterRoleStmt.role), node.AlterRoleStmt.options, roles);
  }
  if ("GrantRoleStmt" in node) {
    const { granted_roles, grantee_roles, is_grant } = node.GrantRoleStmt;
    const granted = (granted_roles ?? []).flatMap((each) =>
      "AccessPriv" in each ? [each.AccessPriv.priv_name ?? ""] : [],
    );
    return roleNames(grantee_roles).flatMap((member) =>
      granted.flatMap((group) => membership(group, member, is_grant === true, roles)),
    );
  }
  return readOwner(node, roles);
}

function readOptions(role: string, options: readonly Node[] | undefined, roles: Roles): ActChange[] {
  const isService = Object.values(roles).includes(role);
  const powers = isService ? TOO_MUCH_FOR_SERVICES : FREE_OF_POLICIES;
  return elements(options).flatMap((option): ActChange[] => {
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

/** CREATE ROLE … IN ROLE, and … ROLE (its first members). */
function readMemberOptions(role: string, options: readonly Node[] | undefined, roles: Roles): ActChange[] {
  return elements(options).flatMap((option) => {
    const listed = option.arg !== undefined && "List" in option.arg ? roleNames(option.arg.List.items) : [];
    if (option.defname === "addroleto")
      return listed.flatMap((group) => membership(group, role, true, roles));
    if (option.defname === "rolemembers" || option.defname === "adminmembers") {
      return listed.flatMap((member) => membership(role, member, true, roles));
    }
    return [];
  });
}

function membership(group: string, member: string, isGrant: boolean, roles: Roles): ActChange[] {
  const isService = member === roles.tenant || member === roles.door || member === "PUBLIC";
  if (!isService && !STRONG_ROLES.has(group)) return [];
  const key = JSON.stringify(["member", group, member]);
  if (!isGrant) return [{ key, act: undefined }];
  return [
    {
      key,
      act: {
        // A login for backups may well have it; a role that services are members of may not.
        level: isService || Object.values(roles).includes(member) ? "error" : "warning",
        subject: member,
        detail: `the role becomes a member of ${group}, with all that ${group} may do`,
        fix: `revoke ${quoteIdentifier(group)} from ${quoteIdentifier(member)};`,
      },
    },
  ];
}

/** An owner may switch row security off: services must not own. Doors are owned by a role of their own. */
function readOwner(node: ParsedStatement["node"], roles: Roles): ActChange[] {
  const act = (subject: string, owner: string, isTable: boolean): ActChange[] => {
    const key = JSON.stringify(["owner", subject]);
    const wrong = owner === roles.tenant || (isTable && owner === roles.door);
    if (!wrong) return [{ key, act: undefined }];
    const detail = `${owner} becomes the owner of ${subject}, and an owner may switch row security off`;
    return [{ key, act: { level: "error", subject: owner, detail, fix: "Leave it to the migrator." } }];
  };
  if ("AlterTableStmt" in node) {
    const { relation, cmds } = node.AlterTableStmt;
    return (cmds ?? []).flatMap((cmd) =>
      "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === "AT_ChangeOwner"
        ? act(relation?.relname ?? "", roleName(cmd.AlterTableCmd.newowner), true)
        : [],
    );
  }
  if ("AlterOwnerStmt" in node) {
    const { object, newowner, objectType } = node.AlterOwnerStmt;
    const named =
      object !== undefined && "ObjectWithArgs" in object ? object.ObjectWithArgs.objname : undefined;
    const subject = (named ?? (object === undefined ? [] : [object])).flatMap(partsOf).at(-1) ?? "";
    return act(
      subject,
      roleName(newowner),
      objectType !== "OBJECT_FUNCTION" && objectType !== "OBJECT_PROCEDURE",
    );
  }
  if ("CreateSchemaStmt" in node && node.CreateSchemaStmt.authrole !== undefined) {
    const { schemaname, authrole } = node.CreateSchemaStmt;
    return act(schemaname ?? roleName(authrole), roleName(authrole), true);
  }
  if ("ReassignOwnedStmt" in node) {
    const { roles: former, newrole } = node.ReassignOwnedStmt;
    return act(`everything of ${roleNames(former).join(", ")}`, roleName(newrole), true);
  }
  return [];
}

function elements(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).flatMap((node) => ("DefElem" in node ? [node.DefElem] : []));
}
