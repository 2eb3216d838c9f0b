import { bare, readsSetting, settingCalls } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";
import type { Tree } from "../../sql-parser.js";
import { dig, findNodes } from "../../sql-parser.js";

/**
 * A policy that fails where there is no context, instead of letting nothing through: `current_setting` with one argument
 * raises an error, and the empty text that SET LOCAL leaves behind cannot be cast.
 */
export const policyContextStrict: PolicyRule = {
  id: "policy-context-strict",
  threats: [22, 23],
  judgesRestrictive: true,
  find: ({ trees, table, policy, settings }) => {
    const strict = trees
      .flatMap(settingCalls)
      .some(({ name, argumentCount }) => name === settings.setting && argumentCount === 1);
    const castsEmpty =
      table.tenantType !== "text" && trees.some((tree) => castsSetting(tree, settings.setting));
    if (!strict && !castsEmpty) return undefined;
    const why = strict
      ? "calls current_setting with one argument, which is an error where the setting was never set"
      : "casts the setting without nullif, and after a transaction the setting is '', not NULL";
    return {
      level: "error",
      detail: `policy ${policy.name} ${why}`,
      fix: `Write (select nullif(current_setting('${settings.setting}', true), '')::${table.tenantType}), or use withTenantRls(t).`,
    };
  },
};

/** `current_setting(…)::uuid`, with nothing between the call and the cast. */
function castsSetting(tree: Tree, setting: string): boolean {
  return findNodes(tree, "TypeCast").some((cast) => {
    const inner = bare(dig(cast, "arg"));
    return dig(inner, "FuncCall") !== undefined && readsSetting(inner, setting) && isSettingCall(inner);
  });
}

function isSettingCall(tree: Tree): boolean {
  return findNodes(dig(tree, "FuncCall", "funcname"), "sval").at(-1) === "current_setting";
}
