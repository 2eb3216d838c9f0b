import type { Node } from "libpg-query";
import { hasSqlDetails, loadModule, parseSync } from "libpg-query";
import { messageOf, TenantryError } from "../../core/errors.js";
import { excerptSql } from "../../core/sql-excerpt.js";
import { hintForUnparsed } from "./parse-hint.js";
import type { PositionIndex } from "./source-position.js";
import { byteOffsets, indexPositions, skipBlank } from "./source-position.js";

/** What drizzle-kit writes between two statements. */
const BREAKPOINT = "--> statement-breakpoint";

/** A migration as a text: what the rules over SQL need to know of it. */
export type MigrationText = {
  readonly name: string;
  /** As findings are to show it. */
  readonly file: string;
  readonly sql: string;
};

/** One statement of a migration. */
export type ParsedStatement = {
  readonly node: Node;
  readonly text: string;
  readonly migration: string;
  readonly file: string;
  /** 1-based, of the statement's first word. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
  /** The first character and the one after the last, in the file's text. */
  readonly start: number;
  readonly end: number;
  /** Which piece between breakpoints it stands in, from 0. */
  readonly chunk: number;
};

/** Loads the parser, once; {@link parseMigration} needs it. About 60 ms. */
export async function loadSqlParser(): Promise<void> {
  await loadModule();
}

/**
 * The statements of a migration. The text is cut at the breakpoints first, since real files leave out the last semicolon
 * before one, then each piece goes through PostgreSQL's own parser.
 *
 * @throws TenantryError `sql-invalid`, with file, line and column.
 */
export function parseMigration(migration: MigrationText): ParsedStatement[] {
  const positions = indexPositions(migration.sql);
  let offset = 0;
  return migration.sql.split(BREAKPOINT).flatMap((chunk, index, all) => {
    const start = offset;
    offset += chunk.length + BREAKPOINT.length;
    const isLast = index === all.length - 1;
    return parseChunk(migration, positions, { text: chunk, index, start, isLast });
  });
}

type Chunk = {
  readonly text: string;
  readonly index: number;
  readonly start: number;
  readonly isLast: boolean;
};

function parseChunk(migration: MigrationText, positions: PositionIndex, chunk: Chunk): ParsedStatement[] {
  if (chunk.text.trim() === "") return [];
  const toCharacters = byteOffsets(chunk.text);
  return parseText(migration, positions, chunk).flatMap(({ stmt, stmt_location = 0, stmt_len }) => {
    if (stmt === undefined) return [];
    const from = skipBlank(chunk.text, toCharacters(stmt_location));
    const to = stmt_len === undefined ? chunk.text.length : toCharacters(stmt_location + stmt_len);
    const text = chunk.text.slice(from, to).trimEnd();
    return [
      {
        node: stmt,
        text,
        migration: migration.name,
        file: migration.file,
        ...positions.at(chunk.start + from),
        start: chunk.start + from,
        end: chunk.start + from + text.length,
        chunk: chunk.index,
      },
    ];
  });
}

function parseText(migration: MigrationText, positions: PositionIndex, chunk: Chunk) {
  try {
    return parseSync(chunk.text).stmts ?? [];
  } catch (thrown) {
    // The cursor is 0-based and counts characters; at the end of the text it may stand behind the last.
    const cursor = hasSqlDetails(thrown) ? (thrown.sqlDetails?.cursorPosition ?? 0) : 0;
    const before = [...chunk.text].slice(0, cursor).join("").length;
    const { line, column } = positions.at(chunk.start + before);
    throw new TenantryError({
      code: "sql-invalid",
      message: `${migration.file}:${line}:${column}: ${messageOf(thrown)}.`,
      details: excerptSql(chunk.text, cursor + 1),
      hint: hintForUnparsed({ ...chunk, complaint: messageOf(thrown) }),
      cause: thrown,
    });
  }
}
