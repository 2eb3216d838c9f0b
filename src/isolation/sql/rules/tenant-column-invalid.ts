import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState } from "../schema-state.js";
import { stateKey } from "../schema-state.js";
import type { SqlContext, SqlRule } from "../sql-rule.js";
import { relationName } from "../syntax-names.js";
import type { ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** A row without a tenant belongs to nobody: no policy shows it, and no erasure finds it. */
export const tenantColumnInvalid: SqlRule = {
  id: "tenant-column-invalid",
  threats: [18],
  check: (context) => trackActs(context, (statement, state) => readNullable(statement, state, context)),
};

function readNullable({ node }: ParsedStatement, state: SchemaState, context: SqlContext): ActChange[] {
  if (!("AlterTableStmt" in node)) return [];
  const { relation, cmds } = node.AlterTableStmt;
  const { schema, name } = relationName(relation, state);
  const id = state.tables.get(stateKey(schema, name))?.id;
  const declared = id === undefined ? undefined : context.declared.get(id);
  const column = declared?.declaration.tenantColumn;
  if (declared === undefined || column === undefined) return [];
  return (cmds ?? []).flatMap((cmd): ActChange[] => {
    if (!("AlterTableCmd" in cmd) || cmd.AlterTableCmd.name !== column) return [];
    if (cmd.AlterTableCmd.subtype === "AT_SetNotNull") return [{ key: String(id), act: undefined }];
    if (cmd.AlterTableCmd.subtype !== "AT_DropNotNull") return [];
    const { subject } = declared;
    const detail = `${column} may be null after this: such a row belongs to nobody`;
    const fix = `Take it out; ${column} is never null.`;
    return [{ key: String(id), act: { level: "error", subject, detail, fix } }];
  });
}
