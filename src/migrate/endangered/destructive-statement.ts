import type { Node, RangeVar, TypeName } from "libpg-query";
import { partsOf, stringsOf } from "../../isolation/sql/syntax-names.js";
import { walkSyntax } from "../../isolation/sql/walk-syntax.js";

/** A table as a statement names it; without a schema it may be in any, and without a name all of the schema are meant. */
export type NamedTable = { readonly schema?: string | undefined; readonly name?: string | undefined };

/** What a statement takes away or writes over. */
export type Destruction = {
  /** In words, such as `drops the column notes.title`. */
  readonly what: string;
  /** Undefined: whatever the database has. */
  readonly table: NamedTable | undefined;
  readonly column?: string | undefined;
  /** For a change of type: what it becomes, where that may leave every value as it is. */
  readonly widensTo?: "text" | undefined;
};

/** What a statement does to rows that are there, by its syntax alone (pure). */
export function readDestruction(node: Node): Destruction[] {
  if ("DropStmt" in node) return ofDrop(node.DropStmt);
  if ("DropOwnedStmt" in node) return [{ what: "drops what a role owns", table: undefined }];
  if ("AlterTableStmt" in node) {
    const { relation, cmds = [], objtype } = node.AlterTableStmt;
    if (objtype !== undefined && objtype !== "OBJECT_TABLE") return [];
    return cmds.flatMap((cmd) => ("AlterTableCmd" in cmd ? ofCommand(cmd.AlterTableCmd, relation) : []));
  }
  if ("TruncateStmt" in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((each) =>
      "RangeVar" in each
        ? [{ what: `truncates ${wordOf(each.RangeVar)}`, table: nameOf(each.RangeVar) }]
        : [],
    );
  }
  return RUNS_QUERY.some((kind) => kind in node) ? ofQuery(node) : [];
}

/** Kinds that run the queries that stand in them; a function's body or a rule only keeps them. */
const RUNS_QUERY = ["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CreateTableAsStmt"];

const WRITES: Readonly<Record<string, string>> = {
  UpdateStmt: "changes rows of",
  DeleteStmt: "deletes rows of",
  MergeStmt: "merges into",
};

/** The query itself, and those in its WITH. */
function ofQuery(node: Node): Destruction[] {
  const found: Destruction[] = [];
  walkSyntax(node, ({ kind, fields }) => {
    const verb = kind === "InsertStmt" && overwrites(fields) ? "writes over rows of" : WRITES[kind];
    const relation = fields.relation as RangeVar | undefined;
    if (verb !== undefined) found.push({ what: `${verb} ${wordOf(relation)}`, table: nameOf(relation) });
    return true;
  });
  return found;
}

function overwrites({ onConflictClause }: Readonly<Record<string, unknown>>): boolean {
  return JSON.stringify(onConflictClause ?? "").includes('"ONCONFLICT_UPDATE"');
}

function ofDrop(statement: Extract<Node, { DropStmt: unknown }>["DropStmt"]): Destruction[] {
  const { objects = [], removeType = "", behavior } = statement;
  const names = objects.map((object) => partsOf(object));
  if (removeType === "OBJECT_TABLE") {
    return names.map((parts) => ({
      what: `drops the table ${parts.join(".")}`,
      table: { schema: parts.at(-2), name: parts.at(-1) },
    }));
  }
  if (behavior !== "DROP_CASCADE") return [];
  if (removeType === "OBJECT_SCHEMA") {
    return names.map((parts) => ({
      what: `drops the schema ${parts.join(".")} with all that is in it`,
      table: { schema: parts.at(-1) },
    }));
  }
  const takesColumns = ["OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_EXTENSION"].includes(removeType);
  return takesColumns
    ? names.map((parts) => ({
        what: `drops ${parts.join(".")} with the columns of its type`,
        table: undefined,
      }))
    : [];
}

function ofCommand(
  { subtype, name, def }: Extract<Node, { AlterTableCmd: unknown }>["AlterTableCmd"],
  relation: RangeVar | undefined,
): Destruction[] {
  const column = name ?? "";
  const place = { table: nameOf(relation), column };
  if (subtype === "AT_DropColumn")
    return [{ what: `drops the column ${wordOf(relation)}.${column}`, ...place }];
  if (subtype !== "AT_AlterColumnType" || def === undefined || !("ColumnDef" in def)) return [];
  const { typeName, raw_default: using } = def.ColumnDef;
  const isText = using === undefined && isUnlimitedText(typeName);
  return [
    {
      what: `writes the column ${wordOf(relation)}.${column} anew`,
      ...place,
      ...(isText ? { widensTo: "text" as const } : {}),
    },
  ];
}

function isUnlimitedText(type: TypeName | undefined): boolean {
  const name = stringsOf(type?.names).at(-1);
  return (name === "text" || name === "varchar") && (type?.typmods ?? []).length === 0;
}

function nameOf(relation: RangeVar | undefined): NamedTable {
  return { schema: relation?.schemaname, name: relation?.relname ?? "" };
}

function wordOf(relation: RangeVar | undefined): string {
  const { schemaname, relname = "" } = relation ?? {};
  return schemaname === undefined ? relname : `${schemaname}.${relname}`;
}
