import type { Node } from "libpg-query";
import { managedSchemas } from "../../managed-schemas.js";
import { readFunctionSettings } from "../read-function-settings.js";
import { findServices } from "../roles/find-services.js";
import type { SetSetting } from "../set-settings.js";
import { readSet, readSettings } from "../set-settings.js";
import type { SqlContext, SqlRule } from "../sql-rule.js";
import { partsOf, roleNames } from "../syntax-names.js";
import type { Act, ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** What is stored with a role, a database or the server is how every session of a service begins. */
export const settingUnsafe: SqlRule = {
  id: "setting-unsafe",
  threats: [25, 36, 85],
  check: (context) => {
    const services = findServices(context.units, context.expected.settings.roles.tenant);
    return trackActs(context, ({ node }) => [
      ...readStored(node, context),
      ...readOfFunctions(node, context),
      ...readParameterGrant(node, services),
    ]);
  },
};

function readStored(node: Node, context: SqlContext): ActChange[] {
  return readSettings(node).flatMap((setting): ActChange[] => {
    const { name, scope, role = "" } = setting;
    if (scope !== "stored") return [];
    // RESET ALL takes back each of those that are judged here.
    if (name === "*") return judged(context).map((one) => ({ key: keyOf(role, one), act: undefined }));
    return judged(context).includes(name) ? [{ key: keyOf(role, name), act: judge(setting, context) }] : [];
  });
}

/** Whoever calls the function sees, while it runs, another tenant's rows. */
function readOfFunctions(node: Node, { expected }: SqlContext): ActChange[] {
  const ours = expected.settings.setting.toLowerCase();
  return readFunctionSettings(node).flatMap(({ name: made, isNew, sets }) => {
    const key = JSON.stringify(["function", made]);
    const changes = sets.map(readSet).flatMap(({ name, value }): ActChange[] => {
      if (name !== ours && name !== "*") return [];
      if (name === "*" || value === "" || value.toLowerCase() === "default") return [{ key, act: undefined }];
      const detail = `the function sets ${ours} for whoever calls it, who then sees that tenant's rows`;
      return [{ key, act: { level: "error", subject: made, detail, fix: "Take the set out of it." } }];
    });
    return [...(isNew ? [{ key, act: undefined }] : []), ...changes];
  });
}

const OF_SERVER = [
  "role",
  "session_authorization",
  "row_security",
  "session_replication_role",
  "search_path",
];

function judged({ expected }: SqlContext): string[] {
  const { setting, actorSetting, requestIdSetting, ipSetting } = expected.settings;
  const ours = [setting, actorSetting, requestIdSetting, ipSetting].map((name) => name.toLowerCase());
  return [...OF_SERVER, ...ours];
}

function keyOf(role: string, name: string): string {
  return JSON.stringify([role, name]);
}

function judge({ name, value, values, role }: SetSetting, context: SqlContext): Act | undefined {
  const said = value.toLowerCase();
  if (value === "" || said === "default") return undefined;
  const act = (level: Act["level"], detail: string): Act => ({
    level,
    subject: role ?? name,
    detail: `every new session ${role === undefined ? "" : `of ${role} `}${detail}`,
    fix: "Take it out; what a transaction needs, it sets for itself with set local.",
  });
  switch (name) {
    case "role":
    case "session_authorization":
      return said === "none"
        ? undefined
        : act("error", `becomes ${value}, whatever the policies say of who logs in`);
    case "row_security":
      return ["off", "false", "0", "no"].includes(said)
        ? act("warning", "has row_security off: queries that a policy binds fail from then on")
        : undefined;
    case "session_replication_role":
      return said === "replica" ? act("error", "begins without triggers and foreign keys") : undefined;
    case "search_path":
      return judgePath(values, context, act);
    default:
      return act("error", `begins with a value for ${name}`);
  }
}

/** A search path that is stored decides which tables the queries of services mean. */
function judgePath(
  values: readonly string[],
  { expected }: SqlContext,
  act: (level: Act["level"], detail: string) => Act,
): Act | undefined {
  if (values.indexOf("pg_catalog") > 0) {
    return act("warning", "looks names up in other schemas before the server's own");
  }
  const usual = new Set([...managedSchemas(expected), "public", "$user", "pg_catalog", "pg_temp"]);
  const strange = values.filter((schema) => !usual.has(schema));
  return strange.length === 0
    ? undefined
    : act("warning", `looks names up in ${strange.join(", ")}, where the schema has no tables`);
}

/** GRANT SET, or ALTER SYSTEM, ON PARAMETER: what PostgreSQL leaves to superusers. */
function readParameterGrant(node: Node, services: ReadonlySet<string>): ActChange[] {
  if (!("GrantStmt" in node) || node.GrantStmt.objtype !== "OBJECT_PARAMETER_ACL") return [];
  const { objects, grantees, is_grant } = node.GrantStmt;
  return (objects ?? []).flatMap(partsOf).flatMap((name) =>
    roleNames(grantees)
      .filter((role) => role === "PUBLIC" || services.has(role))
      .map((role): ActChange => {
        const key = JSON.stringify(["grant", name, role]);
        if (is_grant !== true) return { key, act: undefined };
        const detail = `${role} may set ${name}, which PostgreSQL leaves to superusers`;
        return { key, act: { level: "error", subject: role, detail, fix: "Take it out." } };
      }),
  );
}
