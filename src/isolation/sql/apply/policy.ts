import { readPolicySource } from "../policy-source.js";
import { withEntry } from "../schema-state.js";
import { relationName, roleNames } from "../syntax-names.js";
import type { Content, Effect } from "./effect.js";
import { changeTable } from "./effect.js";

/** CREATE POLICY. */
export const applyCreatePolicy: Effect<Content<"CreatePolicyStmt">> = (node, state, statement) =>
  changeTable(state, relationName(node.table, state), (table) => {
    const name = node.policy_name ?? "";
    const policy = {
      name,
      // The parser leaves out what is false.
      permissive: node.permissive === true,
      command: node.cmd_name ?? "all",
      roles: roleNames(node.roles),
      ...readPolicySource(statement.text),
      tableName: table.name,
      renamesSeen: table.columnRenames.length,
      at: statement,
    };
    return {
      ...table,
      policies: withEntry(table.policies, name, policy),
      droppedPolicies: withEntry(table.droppedPolicies, name, undefined),
    };
  });

/** ALTER POLICY … TO … USING … WITH CHECK; what it leaves out stays. */
export const applyAlterPolicy: Effect<Content<"AlterPolicyStmt">> = (node, state, statement) =>
  changeTable(state, relationName(node.table, state), (table) => {
    const policy = table.policies.get(node.policy_name ?? "");
    if (policy === undefined) return table;
    const source = readPolicySource(statement.text);
    const changed = {
      ...policy,
      roles: node.roles === undefined ? policy.roles : roleNames(node.roles),
      using: source.using ?? policy.using,
      check: source.check ?? policy.check,
      tableName: table.name,
      renamesSeen: table.columnRenames.length,
      at: statement,
    };
    return { ...table, policies: withEntry(table.policies, policy.name, changed) };
  });
