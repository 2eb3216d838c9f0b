import type { Node } from "libpg-query";
import type { ParsedStatement } from "../../isolation/sql/parse-migration.js";
import { partsOf } from "../../isolation/sql/syntax-names.js";
import { describeAlterTable } from "./describe-alter-table.js";
import { writeName } from "./write-name.js";

/**
 * What a statement is, on one line, in PostgreSQL's words: its command, what it is about, and which of the command's
 * variants it is. Names are as the statement writes them; expressions and lists are left out.
 *
 * @example describeStatement(statement) // ALTER TABLE documents ADD CONSTRAINT c FOREIGN KEY REFERENCES creators NOT VALID
 */
export function describeStatement({ node, text }: Pick<ParsedStatement, "node" | "text">): string {
  return describeNode(node) ?? leadingWords(text);
}

function describeNode(node: Node): string | undefined {
  if ("AlterTableStmt" in node) return describeAlterTable(node.AlterTableStmt);
  if ("IndexStmt" in node) {
    const { unique, concurrent, idxname = "", relation } = node.IndexStmt;
    const words = ["CREATE", ...(unique === true ? ["UNIQUE"] : []), "INDEX"];
    return [...words, ...(concurrent === true ? ["CONCURRENTLY"] : []), idxname, "ON", writeName(relation)]
      .filter((word) => word !== "")
      .join(" ");
  }
  if ("DropStmt" in node) return describeDrop(node.DropStmt);
  if ("CreateStmt" in node) {
    const { relation, partbound, inhRelations = [] } = node.CreateStmt;
    const [parent] = inhRelations.flatMap((each) => ("RangeVar" in each ? [each.RangeVar] : []));
    const of = partbound === undefined ? "" : ` PARTITION OF ${writeName(parent)}`;
    return `CREATE TABLE ${writeName(relation)}${of}`;
  }
  if ("RenameStmt" in node) return describeRename(node.RenameStmt);
  if ("CreatePolicyStmt" in node)
    return `CREATE POLICY ${node.CreatePolicyStmt.policy_name ?? ""} ON ${writeName(node.CreatePolicyStmt.table)}`;
  if ("AlterPolicyStmt" in node)
    return `ALTER POLICY ${node.AlterPolicyStmt.policy_name ?? ""} ON ${writeName(node.AlterPolicyStmt.table)}`;
  if ("CreateTrigStmt" in node)
    return `CREATE TRIGGER ${node.CreateTrigStmt.trigname ?? ""} ON ${writeName(node.CreateTrigStmt.relation)}`;
  if ("CommentStmt" in node)
    return `COMMENT ON ${objectWords(node.CommentStmt.objtype ?? "")} ${commented(node)}`;
  if ("RefreshMatViewStmt" in node) {
    const { concurrent, relation } = node.RefreshMatViewStmt;
    return `REFRESH MATERIALIZED VIEW ${concurrent === true ? "CONCURRENTLY " : ""}${writeName(relation)}`;
  }
  if ("UpdateStmt" in node) return `UPDATE ${writeName(node.UpdateStmt.relation)}`;
  if ("DeleteStmt" in node) return `DELETE FROM ${writeName(node.DeleteStmt.relation)}`;
  if ("InsertStmt" in node) return `INSERT INTO ${writeName(node.InsertStmt.relation)}`;
  if ("DoStmt" in node) return "DO (a block of code)";
  return undefined;
}

/** Undefined for what is no relation: its own words say it. */
function describeRename(statement: Extract<Node, { RenameStmt: unknown }>["RenameStmt"]): string | undefined {
  const { renameType = "", relationType = "", relation, subname = "", newname = "" } = statement;
  if (relation === undefined) return undefined;
  const name = writeName(relation);
  if (subname === "") return `ALTER ${objectWords(renameType)} ${name} RENAME TO ${newname}`;
  if (renameType === "OBJECT_COLUMN" || renameType === "OBJECT_ATTRIBUTE")
    return `ALTER ${objectWords(relationType)} ${name} RENAME ${objectWords(renameType)} ${subname} TO ${newname}`;
  if (renameType === "OBJECT_TABCONSTRAINT")
    return `ALTER TABLE ${name} RENAME CONSTRAINT ${subname} TO ${newname}`;
  return `ALTER ${objectWords(renameType)} ${subname} ON ${name} RENAME TO ${newname}`;
}

function describeDrop(statement: Extract<Node, { DropStmt: unknown }>["DropStmt"]): string {
  const { removeType = "", objects = [], behavior, concurrent } = statement;
  const names = objects.map((object) => dropped(object, removeType)).filter((name) => name !== "");
  return [
    `DROP ${objectWords(removeType)}`,
    ...(concurrent === true ? ["CONCURRENTLY"] : []),
    names.join(", "),
    ...(behavior === "DROP_CASCADE" ? ["CASCADE"] : []),
  ].join(" ");
}

/** A policy, trigger or rule is named behind its table. */
function dropped(object: Node, removeType: string): string {
  if ("ObjectWithArgs" in object) {
    return (object.ObjectWithArgs.objname ?? [])
      .flatMap((part) => ("String" in part ? (part.String.sval ?? "") : []))
      .join(".");
  }
  const parts = partsOf(object);
  if (!["OBJECT_POLICY", "OBJECT_TRIGGER", "OBJECT_RULE"].includes(removeType)) return parts.join(".");
  return `${parts.at(-1) ?? ""} ON ${parts.slice(0, -1).join(".")}`;
}

function commented(node: Extract<Node, { CommentStmt: unknown }>): string {
  const { object } = node.CommentStmt;
  return object === undefined ? "" : partsOf(object).join(".");
}

/** `OBJECT_MATVIEW` as SQL says it. */
function objectWords(type: string): string {
  return type.replace("OBJECT_", "").replace("MATVIEW", "MATERIALIZED VIEW").replaceAll("_", " ");
}

const MOST_WORDS = 5;

/** The command of everything else: its first words, up to the first that is not plain. */
function leadingWords(text: string): string {
  const words = text.split(/\s+/);
  const end = words.findIndex((word) => !/^[\p{L}\p{N}_."]+$/u.test(word));
  const plain = words.slice(0, Math.min(end === -1 ? words.length : Math.max(end, 1), MOST_WORDS));
  const more = plain.length < words.length ? " …" : "";
  return `${plain.map((word) => (/^[a-z]+$/.test(word) ? upperKeyword(word) : word)).join(" ")}${more}`;
}

/** The words with which statements begin; others are names. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `add aggregate all alter analyze as call cast cluster collation constraint constraints conversion copy create current_user
  database default deferred disable do domain drop enable event exists execute extension foreign function grant if immediate
  index into language large listen local lock materialized merge not notify object of on only operator or owned owner policy
  privileges procedure publication reassign refresh reindex release replace reset revoke role rollback row rule savepoint schema
  security select selection sequence server session set show start statistics subscription system table tablespace temp temporary
  to transaction trigger truncate type unlogged update usage user using vacuum value values view with analyze begin commit end
  delete insert abort prepare full concurrently freeze verbose in share mode exclusive access`.split(/\s+/),
);

function upperKeyword(word: string): string {
  return KEYWORDS.has(word) ? word.toUpperCase() : word;
}
