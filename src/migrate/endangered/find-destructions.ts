import type { Node } from "libpg-query";
import type { Expected } from "../../isolation/expected.js";
import { createEngineSql } from "../../isolation/sql/blocks/engine-blocks.js";
import { StatementExpander } from "../../isolation/sql/blocks/expand-statements.js";
import type { MigrationText } from "../../isolation/sql/parse-migration.js";
import { loadSqlParser, parseMigration } from "../../isolation/sql/parse-migration.js";
import type { Destruction, NamedTable } from "./destructive-statement.js";
import { readDestruction } from "./destructive-statement.js";

/** A destruction, and where it is written; names are those that the target has before the run. */
export type PlannedDestruction = Destruction & { readonly migration: string; readonly line: number };

/**
 * What pending migrations would take away or write over: their statements, and those of the blocks and functions that they
 * run. What is renamed on the way is followed back to the name that it has now (pure, but for loading the parser).
 *
 * @param folder in the order in which it is applied: functions may come from earlier migrations.
 */
export async function findDestructions(
  expected: Expected,
  folder: readonly MigrationText[],
  pending: ReadonlySet<string>,
): Promise<PlannedDestruction[]> {
  await loadSqlParser();
  const expander = new StatementExpander(createEngineSql(expected));
  const names = new NamesBefore();
  const found: PlannedDestruction[] = [];
  for (const migration of folder) {
    const statements = expander.expand(parseMigration(migration));
    if (!pending.has(migration.name)) continue;
    for (const { node, line } of statements) {
      for (const one of readDestruction(node))
        found.push({ ...one, ...names.before(one), migration: migration.name, line });
      names.follow(node);
    }
  }
  const unread = expander.found.unread
    .filter(({ at }) => pending.has(at.migration))
    .map(({ at }) => ({
      what: "runs SQL that is put together when it runs",
      table: undefined,
      migration: at.migration,
      line: at.line,
    }));
  return [...found, ...unread];
}

/** Follows renames, to say what something was called before all of them. */
class NamesBefore {
  readonly #tables = new Map<string, NamedTable>();
  readonly #columns = new Map<string, string>();

  before({ table, column }: Destruction): Pick<Destruction, "table" | "column"> {
    if (table?.name === undefined) return { table, column };
    const origin = this.#origin(table);
    return { table: origin, column: column === undefined ? undefined : this.#column(origin, column) };
  }

  follow(node: Node): void {
    if ("RenameStmt" in node) {
      const { renameType, relation, subname = "", newname = "" } = node.RenameStmt;
      const table = { schema: relation?.schemaname, name: relation?.relname ?? "" };
      if (renameType === "OBJECT_TABLE")
        this.#tables.set(key({ ...table, name: newname }), this.#origin(table));
      if (renameType === "OBJECT_COLUMN") {
        const origin = this.#origin(table);
        this.#columns.set(columnKey(origin, newname), this.#column(origin, subname));
      }
    }
    if ("AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt.objectType === "OBJECT_TABLE") {
      const { relation, newschema } = node.AlterObjectSchemaStmt;
      const table = { schema: relation?.schemaname, name: relation?.relname ?? "" };
      this.#tables.set(key({ schema: newschema, name: table.name }), this.#origin(table));
    }
  }

  #origin(table: NamedTable): NamedTable {
    return this.#tables.get(key(table)) ?? table;
  }

  #column(table: NamedTable, column: string): string {
    return this.#columns.get(columnKey(table, column)) ?? column;
  }
}

/** `public` and no schema are the same here: whether it is another one, the target is asked. */
function key({ schema, name }: NamedTable): string {
  return JSON.stringify([schema === "public" ? undefined : schema, name]);
}

function columnKey(table: NamedTable, column: string): string {
  return JSON.stringify([key(table), column]);
}
