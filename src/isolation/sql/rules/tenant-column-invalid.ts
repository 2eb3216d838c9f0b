import type { AlterTableCmd } from "libpg-query";
import type { ParsedStatement } from "../parse-migration.js";
import type { SchemaState } from "../schema-state.js";
import { stateKey } from "../schema-state.js";
import type { DeclaredTable, SqlContext, SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";
import { relationName, typeText } from "../syntax-names.js";
import type { Act, ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** A row without a tenant belongs to nobody: no policy shows it, and no erasure finds it. */
export const tenantColumnInvalid: SqlRule = {
  id: "tenant-column-invalid",
  threats: [13, 18],
  check: (context) => {
    const changed = trackActs(context, (statement, state) => readChanges(statement, state, context));
    const told = new Set(changed.map(({ subject }) => subject));
    return [...changed, ...findNullable(context).filter(({ subject }) => !told.has(subject))];
  },
};

/** Tables that the folder creates with a tenant column that may be null, and leaves so. */
function findNullable({ declared }: SqlContext): SqlFinding[] {
  return [...declared.values()].flatMap(({ subject, declaration, final }) => {
    const column = declaration.tenantColumn;
    if (column === undefined || final.createdAt === undefined || !final.nullable.has(column)) return [];
    return [
      {
        level: "error" as const,
        subject,
        ...placeOf(final.createdAt),
        detail: `${column} may be null: such a row belongs to nobody`,
        fix: `Write ${column} as not null, or put it into the primary key.`,
      },
    ];
  });
}

function readChanges({ node }: ParsedStatement, state: SchemaState, context: SqlContext): ActChange[] {
  const relation =
    "AlterTableStmt" in node
      ? node.AlterTableStmt.relation
      : "RenameStmt" in node
        ? node.RenameStmt.relation
        : undefined;
  const { schema, name } = relationName(relation, state);
  const table = state.tables.get(stateKey(schema, name));
  const declared = table === undefined ? undefined : context.declared.get(table.id);
  const column = declared?.declaration.tenantColumn;
  if (table === undefined || declared === undefined || column === undefined) return [];
  if ("RenameStmt" in node && node.RenameStmt.renameType === "OBJECT_COLUMN") {
    const { subname = "", newname = "" } = node.RenameStmt;
    return readRename(declared, column, subname, newname, table.columnRenames);
  }
  const commands = "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : [];
  return commands.flatMap((cmd) =>
    "AlterTableCmd" in cmd && cmd.AlterTableCmd.name === column
      ? readCommand(cmd.AlterTableCmd, declared, column)
      : [],
  );
}

function readCommand(
  { subtype, def }: AlterTableCmd,
  { subject, declaration, final: { id } }: DeclaredTable,
  column: string,
): ActChange[] {
  const act = (detail: string): Act => ({
    level: "error",
    subject,
    detail: `${column} ${detail}`,
    fix: `Take it out; ${column} tells whose a row is.`,
  });
  switch (subtype) {
    case "AT_SetNotNull":
      return [{ key: `null ${id}`, act: undefined }];
    case "AT_DropNotNull":
      return [{ key: `null ${id}`, act: act("may be null after this: such a row belongs to nobody") }];
    case "AT_DropColumn":
      return [{ key: `column ${id}`, act: act("is gone after this, and with it whose each row is") }];
    case "AT_AlterColumnType": {
      const type = def !== undefined && "ColumnDef" in def ? typeText(def.ColumnDef.typeName) : "";
      const isSame = spell(type) === spell(declaration.tenantType ?? "");
      const changed = act(`becomes ${type}, and the schema says ${declaration.tenantType}`);
      return [{ key: `type ${id}`, act: isSame ? undefined : changed }];
    }
    default:
      return [];
  }
}

/** Policies follow the column to its new name: another one that takes the old name is none that they compare. */
function readRename(
  { subject, final: { id } }: DeclaredTable,
  column: string,
  from: string,
  to: string,
  renames: readonly { readonly from: string; readonly to: string }[],
): ActChange[] {
  const key = `name ${id}`;
  if (from === column) {
    const detail = `${column} is called ${to} after this, and policies go with it`;
    return [{ key, act: { level: "error", subject, detail, fix: `Take it out, or rename it back.` } }];
  }
  const former = renames.reduceRight((name, step) => (name === step.to ? step.from : name), from);
  return to === column && former === column ? [{ key, act: undefined }] : [];
}

/** PostgreSQL's own names of types beside those of the standard. */
function spell(type: string): string {
  const names: Readonly<Record<string, string>> = {
    int8: "bigint",
    int4: "integer",
    int2: "smallint",
    int: "integer",
  };
  const bare = type.toLowerCase().replace(/\(.*$/, "").trim();
  return names[bare] ?? bare;
}
