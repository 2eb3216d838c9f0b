import type { PresetSetting } from "../../catalog/surroundings.js";
import { quoteIdentifier } from "../../core/identifiers.js";
import { granteeSql, privilegesSql } from "../privileges.js";
import type { AuditContext, CatalogRule, RuleFinding } from "../rule.js";

/** What a session begins with decides about rows before any query does; and a session may be let change what decides. */
export const settingUnsafe: CatalogRule = {
  id: "setting-unsafe",
  threats: [25, 36, 85],
  check: (context) => {
    const { settings, openings } = context.catalog.around;
    return [
      ...settings
        .filter((one) => one.function === null && (one.role === null || context.reach.isHolder(one.role)))
        .flatMap((setting) => judge(setting, context)),
      ...settings.flatMap((setting) => judgeFunction(setting, context)),
      ...openings
        .filter(({ kind }) => kind === "setting")
        .flatMap(({ name, grants }) =>
          context.reach.heldBy(grants).map(
            ({ role, privileges }): RuleFinding => ({
              level: "error",
              subject: role,
              about: name,
              detail: `the role may set ${name}, which PostgreSQL leaves to superusers`,
              fix: `revoke ${privilegesSql(privileges)} on parameter ${name} from ${granteeSql(role)};`,
            }),
          ),
        ),
    ];
  },
};

/** Whoever calls it sees, while it runs, another tenant's rows. */
function judgeFunction({ function: made, name }: PresetSetting, { expected }: AuditContext): RuleFinding[] {
  if (made === null || name.toLowerCase() !== expected.settings.setting.toLowerCase()) return [];
  return [
    {
      level: "error",
      subject: made,
      about: name,
      detail: `the function sets ${name} for whoever calls it, who then sees that tenant's rows`,
      fix: `alter function ${made} reset ${name};`,
    },
  ];
}

function judge(setting: PresetSetting, context: AuditContext): RuleFinding[] {
  const found = judgeValue(setting, context);
  if (found === undefined) return [];
  const { role, inDatabase, name } = setting;
  const database = quoteIdentifier(context.catalog.around.database.name);
  const where =
    role === null
      ? inDatabase
        ? `database ${database}`
        : "role all"
      : `role ${quoteIdentifier(role)}${inDatabase ? ` in database ${database}` : ""}`;
  return [
    {
      level: found.level,
      subject: role ?? context.catalog.around.database.name,
      about: name,
      detail: `${role === null ? "every session" : "every session of the role"} begins with ${name} = ${setting.value}: ${found.why}`,
      fix: `alter ${where} reset ${name};`,
    },
  ];
}

function judgeValue(
  { name, value }: PresetSetting,
  { expected, reach }: AuditContext,
): { readonly level: "error" | "warning"; readonly why: string } | undefined {
  const { setting, roles } = expected.settings;
  switch (name.toLowerCase()) {
    case setting.toLowerCase():
      return value === ""
        ? undefined
        : { level: "error", why: "without a context it sees that tenant's rows" };
    case "role": {
      const other = reach.roleNamed(value);
      const isFree = other?.superuser === true || other?.bypassesRowSecurity === true;
      return isFree || value === roles.admin || value === roles.door
        ? { level: "error", why: "no floor binds that role" }
        : undefined;
    }
    case "session_replication_role":
      return value === "origin"
        ? undefined
        : { level: "error", why: "neither triggers nor foreign keys are asked" };
    case "row_security":
      return /^(off|false|no|0|f|n)$/i.test(value)
        ? { level: "warning", why: "every query of a tenant table fails" }
        : undefined;
    case "search_path":
      return /,\s*"?pg_catalog"?\s*(,|$)/.test(value)
        ? { level: "warning", why: "what the schemas before pg_catalog have comes before PostgreSQL's own" }
        : undefined;
    default:
      return undefined;
  }
}
