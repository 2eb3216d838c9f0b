import type { Node } from "libpg-query";
import { tableSubject } from "../../catalog/facts.js";
import { qualify, quoteIdentifier } from "../../core/identifiers.js";
import { loadSqlParser, parseMigration } from "../../isolation/sql/parse-migration.js";
import type { Database } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";

/** What goes with its data when statements run. */
export type LostData = {
  /** Such as `table notes` or `column notes.title`. */
  readonly what: string;
  /** Rows of the table, or rows with a value in the column; undefined where row security hides them from this login. */
  readonly rows: number | undefined;
};

type Dropped = { readonly schema: string; readonly table: string; readonly column?: string | undefined };

/** Counts what statements would drop. What is not there (any more, or yet) counts for nothing. */
export async function findLostData(
  database: Database,
  statements: readonly string[],
): Promise<readonly LostData[]> {
  await loadSqlParser();
  const dropped = statements.flatMap((sql) =>
    parseMigration({ name: "rollback", file: "rollback", sql }).flatMap(({ node }) => droppedBy(node)),
  );
  const lost: LostData[] = [];
  for (const one of dropped) {
    const found = await countRows(database, one);
    const subject = tableSubject(one.schema, one.table);
    const what = one.column === undefined ? `table ${subject}` : `column ${subject}.${one.column}`;
    if (found !== "missing") lost.push({ what, rows: found });
  }
  return lost;
}

function droppedBy(node: Node): Dropped[] {
  if ("DropStmt" in node && node.DropStmt.removeType === "OBJECT_TABLE") {
    return (node.DropStmt.objects ?? []).flatMap((object) => {
      const parts = "List" in object ? (object.List.items ?? []) : [];
      const names = parts.flatMap((part) => ("String" in part ? [part.String.sval ?? ""] : []));
      const table = names.at(-1);
      return table === undefined ? [] : [{ schema: names.at(-2) ?? "public", table }];
    });
  }
  if (!("AlterTableStmt" in node)) return [];
  const { relation, cmds = [] } = node.AlterTableStmt;
  return cmds.flatMap((cmd) =>
    "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === "AT_DropColumn"
      ? [
          {
            schema: relation?.schemaname ?? "public",
            table: relation?.relname ?? "",
            column: cmd.AlterTableCmd.name,
          },
        ]
      : [],
  );
}

async function countRows(
  database: Database,
  { schema, table, column }: Dropped,
): Promise<number | undefined | "missing"> {
  const [there] = await database`
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${table} and c.relkind in ('r', 'p')
      and (${column ?? null}::text is null or exists
        (select from pg_attribute a where a.attrelid = c.oid and a.attname = ${column ?? null} and not a.attisdropped))`;
  if (there === undefined) return "missing";
  const counted = column === undefined ? "*" : quoteIdentifier(column);
  try {
    return await database.begin("read only", async (session) => {
      // Fails where it would otherwise count none of the rows that are there.
      await session`set local row_security = off`;
      const [row] = await session.unsafe<{ rows: string }[]>(
        `select count(${counted})::text as rows from ${qualify(schema, table)}`,
      );
      return Number(row?.rows ?? 0);
    });
  } catch {
    return undefined;
  }
}

/** What changes rows and leaves no trace in a catalog; only the names of those migrations that do. */
export async function findDataChanges(migrations: readonly Migration[]): Promise<readonly string[]> {
  await loadSqlParser();
  return migrations
    .filter((migration) => parseMigration(migration).some(({ node }) => changesData(node)))
    .map(({ name }) => name);
}

const CHANGING = [
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "TruncateStmt",
  "CopyStmt",
  "DoStmt",
  "CallStmt",
];

function changesData(node: Node): boolean {
  return CHANGING.some((kind) => kind in node);
}
