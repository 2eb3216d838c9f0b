import { disjunctions, mentionsColumn, settingCalls } from "../../expression-facts.js";
import type { PolicyRule } from "../../policy-rule.js";

/** A policy that another setting can switch off: whoever can run SQL can set a setting. */
export const policySwitchedOff: PolicyRule = {
  id: "policy-switched-off",
  threats: [27, 28],
  judgesRestrictive: false,
  find: ({ trees, policy, settings, table, usingIsBound, checkIsBound }) => {
    if (usingIsBound && checkIsBound) return undefined;
    const name = trees
      .flatMap(disjunctions)
      .flat()
      .filter((part) => !mentionsColumn(part, table.tenantColumn))
      .flatMap(settingCalls)
      .map((call) => call.name)
      .find((setting) => setting !== settings.setting);
    if (name === undefined) return undefined;
    return {
      level: "error",
      detail: `policy ${policy.name} is switched off by the setting ${name}, which anyone who can run SQL can set`,
      fix: `Give that work a login of its own, in ${settings.roles.admin}, and take the branch out.`,
    };
  },
};
