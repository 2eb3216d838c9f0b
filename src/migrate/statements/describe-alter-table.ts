import type { AlterTableCmd, AlterTableStmt, Constraint, Node } from "libpg-query";
import { describeColumn, describeType } from "./describe-column.js";
import { writeName } from "./write-name.js";

/** Words of sub-commands whose name in the syntax tree does not lead to them; `%` stands for the name. */
const WORDS: Readonly<Record<string, string>> = {
  AT_DropColumn: "DROP COLUMN %",
  AT_SetNotNull: "ALTER COLUMN % SET NOT NULL",
  AT_DropNotNull: "ALTER COLUMN % DROP NOT NULL",
  AT_SetStatistics: "ALTER COLUMN % SET STATISTICS",
  AT_SetStorage: "ALTER COLUMN % SET STORAGE",
  AT_SetCompression: "ALTER COLUMN % SET COMPRESSION",
  AT_SetExpression: "ALTER COLUMN % SET EXPRESSION",
  AT_DropExpression: "ALTER COLUMN % DROP EXPRESSION",
  AT_SetOptions: "ALTER COLUMN % SET (…)",
  AT_ResetOptions: "ALTER COLUMN % RESET (…)",
  AT_AddIdentity: "ALTER COLUMN % ADD GENERATED … AS IDENTITY",
  AT_SetIdentity: "ALTER COLUMN % SET GENERATED …",
  AT_DropIdentity: "ALTER COLUMN % DROP IDENTITY",
  AT_DropConstraint: "DROP CONSTRAINT %",
  AT_ValidateConstraint: "VALIDATE CONSTRAINT %",
  AT_AlterConstraint: "ALTER CONSTRAINT %",
  AT_ChangeOwner: "OWNER TO …",
  AT_ClusterOn: "CLUSTER ON %",
  AT_DropCluster: "SET WITHOUT CLUSTER",
  AT_SetLogged: "SET LOGGED",
  AT_SetUnLogged: "SET UNLOGGED",
  AT_SetTableSpace: "SET TABLESPACE %",
  AT_SetAccessMethod: "SET ACCESS METHOD %",
  AT_SetRelOptions: "SET (…)",
  AT_ResetRelOptions: "RESET (…)",
  AT_EnableTrig: "ENABLE TRIGGER %",
  AT_EnableAlwaysTrig: "ENABLE ALWAYS TRIGGER %",
  AT_EnableReplicaTrig: "ENABLE REPLICA TRIGGER %",
  AT_DisableTrig: "DISABLE TRIGGER %",
  AT_EnableTrigAll: "ENABLE TRIGGER ALL",
  AT_DisableTrigAll: "DISABLE TRIGGER ALL",
  AT_EnableTrigUser: "ENABLE TRIGGER USER",
  AT_DisableTrigUser: "DISABLE TRIGGER USER",
  AT_EnableRowSecurity: "ENABLE ROW LEVEL SECURITY",
  AT_DisableRowSecurity: "DISABLE ROW LEVEL SECURITY",
  AT_ForceRowSecurity: "FORCE ROW LEVEL SECURITY",
  AT_NoForceRowSecurity: "NO FORCE ROW LEVEL SECURITY",
  AT_AddInherit: "INHERIT …",
  AT_DropInherit: "NO INHERIT …",
  AT_ReplicaIdentity: "REPLICA IDENTITY …",
};

/** What ALTER TABLE and its like are called, with each sub-command. */
export function describeAlterTable({ objtype, relation, cmds = [] }: AlterTableStmt): string {
  const kind = (objtype ?? "OBJECT_TABLE").replace("OBJECT_", "").replace("MATVIEW", "MATERIALIZED VIEW");
  const parts = cmds.flatMap((each) => ("AlterTableCmd" in each ? describeCommand(each.AlterTableCmd) : []));
  return `ALTER ${kind.replaceAll("_", " ")} ${writeName(relation)} ${parts.join(", ")}`;
}

function describeCommand(command: AlterTableCmd): string {
  const { subtype = "", name = "", def } = command;
  const words = WORDS[subtype];
  if (words !== undefined) return words.replace("%", () => name);
  if (subtype === "AT_ColumnDefault")
    return `ALTER COLUMN ${name} ${def === undefined ? "DROP" : "SET"} DEFAULT`;
  if (subtype === "AT_AlterColumnType") return `ALTER COLUMN ${name} TYPE ${typeOf(def)}`;
  if (subtype === "AT_AddColumn" && def !== undefined && "ColumnDef" in def)
    return `ADD COLUMN ${describeColumn(def.ColumnDef)}`;
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def)
    return describeConstraint(def.Constraint);
  if (def !== undefined && "PartitionCmd" in def) {
    const partition = writeName(def.PartitionCmd.name);
    if (subtype === "AT_AttachPartition") return `ATTACH PARTITION ${partition}`;
    const concurrently = def.PartitionCmd.concurrent === true ? " CONCURRENTLY" : "";
    return `DETACH PARTITION ${partition}${concurrently}`;
  }
  // AT_SetSomethingNew: its own name says it.
  return subtype
    .replace("AT_", "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
}

function typeOf(def: Node | undefined): string {
  return def !== undefined && "ColumnDef" in def ? describeType(def.ColumnDef.typeName) : "";
}

const CONSTRAINTS: Readonly<Record<string, string>> = {
  CONSTR_PRIMARY: "PRIMARY KEY",
  CONSTR_UNIQUE: "UNIQUE",
  CONSTR_CHECK: "CHECK",
  CONSTR_FOREIGN: "FOREIGN KEY",
  CONSTR_EXCLUSION: "EXCLUDE",
  CONSTR_NOTNULL: "NOT NULL",
};

function describeConstraint(constraint: Constraint): string {
  const { conname, contype = "", indexname, pktable, skip_validation: notValid } = constraint;
  return [
    "ADD",
    ...(conname === undefined ? [] : [`CONSTRAINT ${conname}`]),
    CONSTRAINTS[contype] ?? contype.replace("CONSTR_", ""),
    ...(pktable === undefined ? [] : [`REFERENCES ${writeName(pktable)}`]),
    ...(indexname === undefined ? [] : [`USING INDEX ${indexname}`]),
    ...(notValid === true ? ["NOT VALID"] : []),
  ].join(" ");
}
