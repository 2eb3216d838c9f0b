import type { DefElem, Node } from "libpg-query";
import { isOn, roleName, roleNames, valueText } from "../syntax-names.js";

/** A role that becomes a member of another, or is no longer one. */
export type MembershipChange = {
  readonly group: string;
  readonly member: string;
  readonly isGrant: boolean;
  /** False if it is granted WITH SET FALSE, so that the member has its rights and cannot turn into it. */
  readonly canBecome: boolean;
};

/** GRANT and REVOKE of roles, CREATE ROLE … IN ROLE, ROLE, ADMIN, and ALTER GROUP … ADD and DROP USER. */
export function readMemberships(node: Node): MembershipChange[] {
  if ("CreateRoleStmt" in node) {
    const { role = "", options } = node.CreateRoleStmt;
    return elements(options).flatMap((option) => {
      const listed = rolesOf(option);
      if (option.defname === "addroleto") {
        return listed.map((group) => ({ group, member: role, isGrant: true, canBecome: true }));
      }
      return isMemberList(option)
        ? listed.map((member) => ({ group: role, member, isGrant: true, canBecome: true }))
        : [];
    });
  }
  if ("AlterRoleStmt" in node) {
    const { role, options, action } = node.AlterRoleStmt;
    const group = roleName(role);
    return elements(options)
      .filter(isMemberList)
      .flatMap(rolesOf)
      .map((member) => ({ group, member, isGrant: action !== -1, canBecome: true }));
  }
  if (!("GrantRoleStmt" in node)) return [];
  const { granted_roles, grantee_roles, is_grant, opt } = node.GrantRoleStmt;
  const canBecome = !isOption(opt, "set", "false") || isOption(opt, "admin", "true");
  const granted = (granted_roles ?? []).flatMap((each) =>
    "AccessPriv" in each ? [each.AccessPriv.priv_name ?? ""] : [],
  );
  return roleNames(grantee_roles).flatMap((member) =>
    granted.map((group) => ({ group, member, isGrant: is_grant === true, canBecome })),
  );
}

/** True if an option of GRANT stands there with this value. */
function isOption(options: readonly Node[] | undefined, name: string, value: string): boolean {
  return elements(options).some(
    ({ defname, arg }) => defname === name && String(isOn(valueText(arg))) === value,
  );
}

function isMemberList({ defname }: DefElem): boolean {
  return defname === "rolemembers" || defname === "adminmembers";
}

function rolesOf({ arg }: DefElem): string[] {
  return arg !== undefined && "List" in arg ? roleNames(arg.List.items) : [];
}

function elements(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).flatMap((node) => ("DefElem" in node ? [node.DefElem] : []));
}
