import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint, Node, RangeVar } from "libpg-query";
import { partsOf, stringsOf } from "../../isolation/sql/syntax-names.js";
import type { LockMode } from "./lock-mode.js";

/** A name as a statement writes it. */
export type WrittenName = { readonly schema?: string; readonly name: string };

/** What PostgreSQL's manual says of a statement's kind. */
export type DocumentedEffects = {
  /** Relations may be indexes here: then their tables are meant. */
  readonly locks: readonly { readonly relation: WrittenName; readonly mode: LockMode }[];
  readonly rewrites?: readonly WrittenName[];
  readonly scans?: readonly WrittenName[];
  readonly indexed?: readonly WrittenName[];
  readonly removes?: readonly WrittenName[];
  /** What the kind alone does not tell. */
  readonly unsure?: string;
};

/**
 * The locks that a statement takes by its kind, for statements that cannot be watched: those outside of a transaction, and
 * all of them where there is no shadow.
 *
 * Sources: https://www.postgresql.org/docs/current/explicit-locking.html, and the pages of the commands.
 */
export function documentEffects(node: Node): DocumentedEffects {
  if ("AlterTableStmt" in node) return ofAlterTable(node.AlterTableStmt);
  if ("IndexStmt" in node) {
    const relation = nameOf(node.IndexStmt.relation);
    const mode = node.IndexStmt.concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "SHARE";
    return { locks: [{ relation, mode }], indexed: [relation] };
  }
  if ("DropStmt" in node) return ofDrop(node.DropStmt);
  if ("ReindexStmt" in node) {
    const { relation, params } = node.ReindexStmt;
    if (relation === undefined)
      return { locks: [], unsure: "it builds every index of the database or schema" };
    const name = nameOf(relation);
    const mode = hasOption(params, "concurrently") ? "SHARE UPDATE EXCLUSIVE" : "SHARE";
    return { locks: [{ relation: name, mode }], indexed: [name] };
  }
  if ("VacuumStmt" in node) {
    const { rels = [], options, is_vacuumcmd } = node.VacuumStmt;
    const names = rels.flatMap((rel) =>
      "VacuumRelation" in rel && rel.VacuumRelation.relation ? [nameOf(rel.VacuumRelation.relation)] : [],
    );
    const isFull = is_vacuumcmd === true && hasOption(options, "full");
    const locks = names.map((relation) => ({
      relation,
      mode: isFull ? ("ACCESS EXCLUSIVE" as const) : ("SHARE UPDATE EXCLUSIVE" as const),
    }));
    if (names.length === 0)
      return { locks, unsure: "it names no table, so it takes all of them, one by one" };
    return isFull ? { locks, rewrites: names } : { locks, scans: is_vacuumcmd === true ? names : [] };
  }
  if ("ClusterStmt" in node) {
    const { relation } = node.ClusterStmt;
    if (relation === undefined)
      return { locks: [], unsure: "it rewrites every table that was clustered before" };
    return {
      locks: [{ relation: nameOf(relation), mode: "ACCESS EXCLUSIVE" }],
      rewrites: [nameOf(relation)],
    };
  }
  if ("RefreshMatViewStmt" in node) {
    const { relation, concurrent } = node.RefreshMatViewStmt;
    const name = nameOf(relation);
    return concurrent === true
      ? { locks: [{ relation: name, mode: "EXCLUSIVE" }], scans: [name] }
      : { locks: [{ relation: name, mode: "ACCESS EXCLUSIVE" }], rewrites: [name] };
  }
  return ofOthers(node);
}

function ofOthers(node: Node): DocumentedEffects {
  const one = (relation: RangeVar | undefined, mode: LockMode): DocumentedEffects => ({
    locks: relation === undefined ? [] : [{ relation: nameOf(relation), mode }],
  });
  if ("CreateStmt" in node) return ofCreate(node.CreateStmt);
  if ("TruncateStmt" in node) {
    const names = (node.TruncateStmt.relations ?? []).flatMap((each) =>
      "RangeVar" in each ? nameOf(each.RangeVar) : [],
    );
    return { locks: names.map((relation) => ({ relation, mode: "ACCESS EXCLUSIVE" })), removes: names };
  }
  if ("LockStmt" in node) return { locks: [], unsure: "it takes the lock that it names" };
  if ("RenameStmt" in node) return one(node.RenameStmt.relation, "ACCESS EXCLUSIVE");
  if ("AlterObjectSchemaStmt" in node) return one(node.AlterObjectSchemaStmt.relation, "ACCESS EXCLUSIVE");
  // CREATE OR REPLACE takes it on the view that is there.
  if ("ViewStmt" in node)
    return node.ViewStmt.replace === true ? one(node.ViewStmt.view, "ACCESS EXCLUSIVE") : { locks: [] };
  if ("CreateTableAsStmt" in node)
    return { locks: [], unsure: "it runs a query, and what that reads was not seen" };
  if ("CreatePolicyStmt" in node) return one(node.CreatePolicyStmt.table, "ACCESS EXCLUSIVE");
  if ("AlterPolicyStmt" in node) return one(node.AlterPolicyStmt.table, "ACCESS EXCLUSIVE");
  if ("RuleStmt" in node) return one(node.RuleStmt.relation, "ACCESS EXCLUSIVE");
  if ("CreateTrigStmt" in node) return one(node.CreateTrigStmt.relation, "SHARE ROW EXCLUSIVE");
  if ("UpdateStmt" in node) return one(node.UpdateStmt.relation, "ROW EXCLUSIVE");
  if ("DeleteStmt" in node) return one(node.DeleteStmt.relation, "ROW EXCLUSIVE");
  if ("InsertStmt" in node) return one(node.InsertStmt.relation, "ROW EXCLUSIVE");
  if ("MergeStmt" in node) return one(node.MergeStmt.relation, "ROW EXCLUSIVE");
  if ("DoStmt" in node || "CallStmt" in node || "SelectStmt" in node)
    return { locks: [], unsure: "it runs code, and what that does was not seen" };
  const locksNoTable = LOCKS_NO_TABLE.some((kind) => kind in node);
  return locksNoTable ? { locks: [] } : { locks: [], unsure: "its kind alone does not tell what it locks" };
}

/** Statements about other things than tables, and those that take no more than a reader's lock on them. */
const LOCKS_NO_TABLE: readonly string[] = [
  "TransactionStmt",
  "VariableSetStmt",
  "ConstraintsSetStmt",
  "DiscardStmt",
  "CommentStmt",
  "GrantStmt",
  "GrantRoleStmt",
  "AlterDefaultPrivilegesStmt",
  "CreateRoleStmt",
  "AlterRoleStmt",
  "AlterRoleSetStmt",
  "DropRoleStmt",
  "CreateSchemaStmt",
  "CreateSeqStmt",
  "CreateEnumStmt",
  "AlterEnumStmt",
  "CompositeTypeStmt",
  "CreateRangeStmt",
  "CreateDomainStmt",
  "CreateFunctionStmt",
  "AlterFunctionStmt",
  "DefineStmt",
  "CreateStatsStmt",
  "AlterSystemStmt",
  "CreatedbStmt",
  "DropdbStmt",
  "AlterDatabaseStmt",
  "AlterDatabaseSetStmt",
  "CreateTableSpaceStmt",
  "DropTableSpaceStmt",
];

function ofAlterTable({ relation, cmds = [] }: AlterTableStmt): DocumentedEffects {
  const table = nameOf(relation);
  const parts = cmds.flatMap((each) =>
    "AlterTableCmd" in each ? [ofCommand(each.AlterTableCmd, table)] : [],
  );
  const unsure = [...new Set(parts.flatMap((part) => part.unsure ?? []))].join("; ");
  return {
    locks: parts.flatMap((part) => part.locks),
    scans: parts.flatMap((part) => part.scans ?? []),
    indexed: parts.flatMap((part) => part.indexed ?? []),
    rewrites: parts.flatMap((part) => part.rewrites ?? []),
    ...(unsure === "" ? {} : { unsure }),
  };
}

/** What ALTER TABLE does under a weaker lock than ACCESS EXCLUSIVE. */
const WEAKER: Readonly<Record<string, LockMode>> = {
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_SetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableAlwaysTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableReplicaTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE",
};

function ofCommand(command: AlterTableCmd, table: WrittenName): DocumentedEffects {
  const { subtype = "", def } = command;
  const lock = (mode: LockMode, relation = table) => ({ relation, mode });
  const locks = [lock(WEAKER[subtype] ?? "ACCESS EXCLUSIVE")];
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def)
    return ofConstraint(def.Constraint, table);
  if (subtype === "AT_ValidateConstraint") return { locks, scans: [table] };
  if (subtype === "AT_SetNotNull")
    return { locks, unsure: "it reads the whole table, unless a valid check proves the column" };
  if (subtype === "AT_AlterColumnType")
    return { locks, unsure: "a change of type writes the table anew, unless the values stay as they are" };
  if (subtype === "AT_AddColumn" && def !== undefined && "ColumnDef" in def)
    return ofColumn(def.ColumnDef, table);
  if (subtype === "AT_SetLogged" || subtype === "AT_SetUnLogged" || subtype === "AT_SetTableSpace")
    return { locks, rewrites: [table] };
  if (subtype === "AT_SetAccessMethod") return { locks, rewrites: [table] };
  if (def !== undefined && "PartitionCmd" in def) {
    const part = nameOf(def.PartitionCmd.name);
    if (subtype === "AT_AttachPartition")
      return {
        locks: [lock("SHARE UPDATE EXCLUSIVE"), lock("ACCESS EXCLUSIVE", part)],
        unsure: "it reads the whole partition, unless a valid check proves its bounds",
      };
    if (def.PartitionCmd.concurrent === true)
      return { locks: [lock("SHARE UPDATE EXCLUSIVE"), lock("ACCESS EXCLUSIVE", part)] };
    return { locks: [lock("ACCESS EXCLUSIVE"), lock("ACCESS EXCLUSIVE", part)] };
  }
  return { locks };
}

/** A new column: only its default, or what stands in for one, touches the rows that are there. */
function ofColumn({ constraints = [], typeName }: ColumnDef, table: WrittenName): DocumentedEffects {
  const demands = constraints.flatMap((one) => ("Constraint" in one ? [one.Constraint] : []));
  const isSerial = stringsOf(typeName?.names).some((name) => /^(small|big)?serial[248]?$/.test(name));
  const has = (type: string) => demands.some(({ contype }) => contype === type);
  // What is generated and not stored (`v`) is computed when it is read.
  const isStored = demands.some(
    ({ contype, generated_kind }) => contype === "CONSTR_GENERATED" && generated_kind !== "v",
  );
  const keys = demands.filter(({ contype }) => contype === "CONSTR_FOREIGN");
  const locks = [
    { relation: table, mode: "ACCESS EXCLUSIVE" as const },
    ...keys.map(({ pktable }) => ({ relation: nameOf(pktable), mode: "SHARE ROW EXCLUSIVE" as const })),
  ];
  const indexed = has("CONSTR_PRIMARY") || has("CONSTR_UNIQUE") ? [table] : [];
  if (isSerial || isStored || has("CONSTR_IDENTITY")) return { locks, rewrites: [table], indexed };
  if (demands.some(({ contype, raw_expr }) => contype === "CONSTR_DEFAULT" && !isConstant(raw_expr)))
    return { locks, indexed, unsure: "a default that is not constant writes the table anew" };
  const isChecked =
    (has("CONSTR_NOTNULL") && !has("CONSTR_DEFAULT")) || has("CONSTR_CHECK") || keys.length > 0;
  return { locks, indexed, scans: isChecked ? [table] : [] };
}

function isConstant(value: Node | undefined): boolean {
  if (value === undefined) return false;
  return "TypeCast" in value ? isConstant(value.TypeCast.arg) : "A_Const" in value;
}

function ofConstraint(constraint: Constraint, table: WrittenName): DocumentedEffects {
  const { contype, pktable, indexname, skip_validation: notValid } = constraint;
  const lock = (mode: LockMode, relation = table) => ({ relation, mode });
  if (contype === "CONSTR_FOREIGN") {
    const locks = [lock("SHARE ROW EXCLUSIVE"), lock("SHARE ROW EXCLUSIVE", nameOf(pktable))];
    return { locks, scans: notValid === true ? [] : [table] };
  }
  const locks = [lock("ACCESS EXCLUSIVE")];
  if (["CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION"].includes(contype ?? ""))
    return indexname === undefined ? { locks, indexed: [table] } : { locks };
  return { locks, scans: notValid === true ? [] : [table] };
}

function ofCreate(statement: Extract<Node, { CreateStmt: unknown }>["CreateStmt"]): DocumentedEffects {
  const { tableElts = [], inhRelations = [], partbound } = statement;
  const own = tableElts.flatMap((each) => {
    if ("Constraint" in each) return [each.Constraint];
    if (!("ColumnDef" in each)) return [];
    return (each.ColumnDef.constraints ?? []).flatMap((one) => ("Constraint" in one ? [one.Constraint] : []));
  });
  const references = own.flatMap(({ contype, pktable }) =>
    contype === "CONSTR_FOREIGN" && pktable !== undefined ? [nameOf(pktable)] : [],
  );
  const parents = inhRelations.flatMap((each) => ("RangeVar" in each ? [nameOf(each.RangeVar)] : []));
  const parentMode: LockMode = partbound === undefined ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
  return {
    locks: [
      ...references.map((relation) => ({ relation, mode: "SHARE ROW EXCLUSIVE" as const })),
      ...parents.map((relation) => ({ relation, mode: parentMode })),
    ],
  };
}

/** What DROP locks as a table, an index, or as a thing of a table. */
const DROPPED_RELATIONS: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_INDEX",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_SEQUENCE",
  "OBJECT_FOREIGN_TABLE",
]);
const DROPPED_FROM_TABLES: ReadonlySet<string> = new Set(["OBJECT_POLICY", "OBJECT_TRIGGER", "OBJECT_RULE"]);

function ofDrop(statement: Extract<Node, { DropStmt: unknown }>["DropStmt"]): DocumentedEffects {
  const { objects = [], removeType = "", concurrent } = statement;
  const mode = concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
  const names = objects
    .map((object) => partsOf(object))
    .flatMap((parts) => {
      if (DROPPED_RELATIONS.has(removeType)) return [toName(parts)];
      return DROPPED_FROM_TABLES.has(removeType) ? [toName(parts.slice(0, -1))] : [];
    });
  const isTable = removeType === "OBJECT_TABLE" || removeType === "OBJECT_MATVIEW";
  return { locks: names.map((relation) => ({ relation, mode })), removes: isTable ? names : [] };
}

function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => "DefElem" in option && option.DefElem.defname === name);
}

function nameOf(relation: RangeVar | undefined): WrittenName {
  const { schemaname, relname = "" } = relation ?? {};
  return schemaname === undefined ? { name: relname } : { schema: schemaname, name: relname };
}

function toName(parts: readonly string[]): WrittenName {
  const schema = parts.at(-2);
  const name = parts.at(-1) ?? "";
  return schema === undefined ? { name } : { schema, name };
}
