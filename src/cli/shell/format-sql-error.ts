import type postgres from "postgres";
import { excerptSql } from "../../core/sql-excerpt.js";
import { printable } from "./printable.js";

/** What an error and a notice of PostgreSQL have in common. */
type Report = {
  readonly severity?: string | undefined;
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
};

/**
 * An error of the server as psql prints it: the message, the place in the statement, and what PostgreSQL has to add.
 *
 * @example
 * formatSqlError(error, "select x;")
 * // ERROR:  column "x" does not exist
 * // select x
 * //        ^
 */
export function formatSqlError(error: postgres.PostgresError, sql: string): string {
  return [
    ...head(error),
    ...excerpt(error, sql),
    ...tail(error),
    ...(error.where === undefined ? [] : [`CONTEXT:  ${lines(error.where)}`]),
  ].join("\n");
}

/** A notice, warning or other message that is no error. */
export function formatNotice(notice: postgres.Notice): string {
  return [...head(notice), ...tail(notice)].join("\n");
}

/** The line that the error is about, with a caret; nothing if PostgreSQL names no place in the statement itself. */
export function excerpt(error: postgres.PostgresError, sql: string): string[] {
  const position = Number(error.position);
  return Number.isInteger(position) && position > 0 ? excerptSql(sql, position).map(lines) : [];
}

function head({ severity, message }: Report): string[] {
  return [`${severity ?? "ERROR"}:  ${lines(message ?? "")}`];
}

function tail({ detail, hint }: Report): string[] {
  return [
    ...(detail === undefined ? [] : [`DETAIL:  ${lines(detail)}`]),
    ...(hint === undefined ? [] : [`HINT:  ${lines(hint)}`]),
  ];
}

/** Messages may have several lines, but nothing else that moves the cursor: they repeat what is in the data. */
function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line.replaceAll("\t", " ")))
    .join("\n");
}
