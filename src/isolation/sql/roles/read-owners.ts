import type { Node } from "libpg-query";
import type { TenancySettings } from "../../../core/tenancy-settings.js";
import { partsOf, roleName, roleNames } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";

type Roles = TenancySettings["roles"];

/** An owner may switch row security off: services must not own. Doors are owned by a role of their own. */
export function readOwners(node: Node, roles: Roles, services: ReadonlySet<string>): ActChange[] {
  const act = (subject: string, owner: string, isTable: boolean): ActChange[] => {
    const key = JSON.stringify(["owner", subject]);
    const wrong = services.has(owner) || (isTable && owner === roles.door);
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
    const isFunction = ["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"].includes(objectType ?? "");
    return act(subject, roleName(newowner), !isFunction);
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
