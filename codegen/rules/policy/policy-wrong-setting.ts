import { equalities, mentionsColumn, readsSetting, settingCalls } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";

/** A policy that reads a setting which the client never sets: it lets nothing through, or the wrong rows. */
export const policyWrongSetting: PolicyRule = {
  id: "policy-wrong-setting",
  threats: [24],
  judgesRestrictive: true,
  find: ({ trees, table, policy, settings }) => {
    const wrong = trees
      .flatMap(equalities)
      .flatMap(([left, right]) => [
        ...(mentionsColumn(left, table.tenantColumn) ? settingCalls(right) : []),
        ...(mentionsColumn(right, table.tenantColumn) ? settingCalls(left) : []),
      ])
      .find(({ name }) => name !== undefined && name.toLowerCase() !== settings.setting.toLowerCase());
    if (wrong === undefined || trees.every((tree) => readsSetting(tree, settings.setting))) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} compares ${table.tenantColumn} with the setting ${wrong.name}, but the tenant context is ${settings.setting}`,
      fix: `Read ${settings.setting}, or correct "setting" in defineTenancy({ … }).`,
    };
  },
};
