import type { TableState } from "../schema-state.js";
import { roleNames } from "../syntax-names.js";
import type { Content, Effect } from "./effect.js";

/** DROP OWNED BY takes a role's grants away, and takes the role out of policies; one that is for nobody then is dropped. */
export const applyDropOwned: Effect<Content<"DropOwnedStmt">> = (node, state, statement) => {
  const roles = new Set(roleNames(node.roles));
  const without = (table: TableState): TableState => {
    const touched = [...table.policies.values()].filter((policy) =>
      policy.roles.some((role) => roles.has(role)),
    );
    const policies = new Map(table.policies);
    const droppedPolicies = new Map(table.droppedPolicies);
    for (const policy of touched) {
      const left = policy.roles.filter((role) => !roles.has(role));
      if (left.length > 0) policies.set(policy.name, { ...policy, roles: left, at: statement });
      else {
        policies.delete(policy.name);
        droppedPolicies.set(policy.name, statement);
      }
    }
    const grants = new Map([...table.grants].filter(([role]) => !roles.has(role)));
    return { ...table, policies, droppedPolicies, grants };
  };
  return { ...state, tables: new Map([...state.tables].map(([key, table]) => [key, without(table)])) };
};
