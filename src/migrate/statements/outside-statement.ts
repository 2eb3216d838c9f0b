import type { Node } from "libpg-query";

/** A name as it is written, with its schema if that is written too. */
export type WrittenName = { readonly schema: string | undefined; readonly name: string };

/**
 * A statement that PostgreSQL refuses to run inside a transaction block, by what must be looked at to tell whether it had
 * its effect before a run was killed.
 */
export type OutsideStatement =
  | { readonly type: "create-index"; readonly table: WrittenName; readonly index: string | undefined }
  | { readonly type: "drop-index"; readonly index: WrittenName }
  | { readonly type: "reindex"; readonly object: WrittenName | undefined; readonly concurrent: boolean }
  | { readonly type: "detach-partition"; readonly table: WrittenName; readonly partition: WrittenName }
  | { readonly type: "create-object"; readonly catalog: OwnCatalog; readonly name: string }
  | { readonly type: "drop-object"; readonly catalog: OwnCatalog; readonly name: string }
  /** Running it twice does no harm: VACUUM, ALTER SYSTEM. */
  | { readonly type: "repeatable" }
  /** Nobody but its author knows what it does: a procedure that commits. */
  | { readonly type: "opaque" };

/** Where databases, tablespaces and subscriptions are listed. */
export type OwnCatalog = "database" | "tablespace" | "subscription";

/** What kind of statement this is if it cannot run inside a transaction block; undefined if it can. */
export function readOutside(node: Node): OutsideStatement | undefined {
  if ("IndexStmt" in node) {
    const { concurrent, relation, idxname } = node.IndexStmt;
    const table = nameOf(relation);
    return concurrent === true && table !== undefined
      ? { type: "create-index", table, index: idxname }
      : undefined;
  }
  if ("DropStmt" in node) {
    const { removeType, concurrent, objects = [] } = node.DropStmt;
    const index = removeType === "OBJECT_INDEX" ? nameOfList(objects[0]) : undefined;
    return concurrent === true && index !== undefined ? { type: "drop-index", index } : undefined;
  }
  if ("ReindexStmt" in node) return readReindex(node.ReindexStmt);
  if ("AlterTableStmt" in node) return readDetach(node.AlterTableStmt);
  if ("VacuumStmt" in node) return node.VacuumStmt.is_vacuumcmd === true ? REPEATABLE : undefined;
  if ("ClusterStmt" in node) return node.ClusterStmt.relation === undefined ? REPEATABLE : undefined;
  if ("AlterSystemStmt" in node) return REPEATABLE;
  if ("DiscardStmt" in node) return node.DiscardStmt.target === "DISCARD_ALL" ? REPEATABLE : undefined;
  if ("AlterDatabaseStmt" in node)
    return hasOption(node.AlterDatabaseStmt.options, "tablespace") ? REPEATABLE : undefined;
  if ("DoStmt" in node) return ENDS_TRANSACTION.test(textOf(node.DoStmt.args)) ? OPAQUE : undefined;
  return readServerWide(node);
}

const REPEATABLE: OutsideStatement = { type: "repeatable" };
const OPAQUE: OutsideStatement = { type: "opaque" };

/** In the body of a DO block; a comment with the word in it costs no more than an extra checkpoint. */
const ENDS_TRANSACTION = /\b(commit|rollback)\b/i;

function readServerWide(node: Node): OutsideStatement | undefined {
  const named = (type: "create-object" | "drop-object", catalog: OwnCatalog, name: string | undefined) =>
    name === undefined ? undefined : { type, catalog, name };
  if ("CreatedbStmt" in node) return named("create-object", "database", node.CreatedbStmt.dbname);
  if ("DropdbStmt" in node) return named("drop-object", "database", node.DropdbStmt.dbname);
  if ("CreateTableSpaceStmt" in node)
    return named("create-object", "tablespace", node.CreateTableSpaceStmt.tablespacename);
  if ("DropTableSpaceStmt" in node)
    return named("drop-object", "tablespace", node.DropTableSpaceStmt.tablespacename);
  if ("CreateSubscriptionStmt" in node) {
    const { subname, options } = node.CreateSubscriptionStmt;
    // Without a slot to make on the other server it is an ordinary statement.
    const isLocal = isSwitchedOff(options, "connect") || isSwitchedOff(options, "create_slot");
    return isLocal ? undefined : named("create-object", "subscription", subname);
  }
  if ("DropSubscriptionStmt" in node)
    return named("drop-object", "subscription", node.DropSubscriptionStmt.subname);
  if ("AlterSubscriptionStmt" in node) {
    const { kind = "" } = node.AlterSubscriptionStmt;
    return /REFRESH|PUBLICATION/.test(kind) ? REPEATABLE : undefined;
  }
  return undefined;
}

type Of<Key extends string> = Extract<Node, Record<Key, unknown>>[Key &
  keyof Extract<Node, Record<Key, unknown>>];

function readReindex(statement: Of<"ReindexStmt">): OutsideStatement | undefined {
  const concurrent = hasOption(statement.params, "concurrently");
  const isWhole = !["REINDEX_OBJECT_TABLE", "REINDEX_OBJECT_INDEX"].includes(statement.kind ?? "");
  if (!concurrent && !isWhole) return undefined;
  return { type: "reindex", object: nameOf(statement.relation), concurrent };
}

function readDetach(statement: Of<"AlterTableStmt">): OutsideStatement | undefined {
  const table = nameOf(statement.relation);
  for (const command of statement.cmds ?? []) {
    if (!("AlterTableCmd" in command) || command.AlterTableCmd.subtype !== "AT_DetachPartition") continue;
    const { def } = command.AlterTableCmd;
    if (def === undefined || !("PartitionCmd" in def) || def.PartitionCmd.concurrent !== true) continue;
    const partition = nameOf(def.PartitionCmd.name);
    if (table !== undefined && partition !== undefined) return { type: "detach-partition", table, partition };
  }
  return undefined;
}

function nameOf(
  relation: { readonly schemaname?: string | undefined; readonly relname?: string | undefined } | undefined,
): WrittenName | undefined {
  if (relation?.relname === undefined) return undefined;
  return { schema: relation.schemaname, name: relation.relname };
}

function nameOfList(node: Node | undefined): WrittenName | undefined {
  if (node === undefined || !("List" in node)) return undefined;
  const parts = (node.List.items ?? []).flatMap((item) =>
    "String" in item && item.String.sval !== undefined ? [item.String.sval] : [],
  );
  const name = parts.at(-1);
  return name === undefined ? undefined : { schema: parts.at(-2), name };
}

function options(nodes: readonly Node[] | undefined) {
  return (nodes ?? []).flatMap((node) => ("DefElem" in node ? [node.DefElem] : []));
}

function hasOption(nodes: readonly Node[] | undefined, name: string): boolean {
  return options(nodes).some(
    ({ defname, arg }) => defname === name && !/"(off|false|0)"|"ival":\{\}/.test(JSON.stringify(arg ?? "")),
  );
}

function isSwitchedOff(nodes: readonly Node[] | undefined, name: string): boolean {
  return options(nodes).some(
    ({ defname, arg }) =>
      defname === name && /"(off|false|0)"|"ival":\{\}|"boolval":\{\}/.test(JSON.stringify(arg ?? "")),
  );
}

function textOf(nodes: readonly Node[] | undefined): string {
  const body = options(nodes).find(({ defname }) => defname === "as")?.arg;
  return body !== undefined && "String" in body ? (body.String.sval ?? "") : "";
}
