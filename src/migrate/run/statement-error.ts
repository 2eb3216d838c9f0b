import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { excerptSql } from "../../core/sql-excerpt.js";
import type { Migration } from "../folder/migration.js";

/** What a failed statement leaves of its migration. */
export type Remains = {
  /** What of the migration is done, and what to do next. */
  readonly hint?: string;
};

/** The error of a statement, with its line in the file and a caret; what is no error of the server is given back. */
export function statementError(
  migration: Pick<Migration, "name" | "file">,
  piece: { readonly text: string; readonly line?: number },
  thrown: unknown,
  { hint }: Remains = {},
): unknown {
  const state = codeOf(thrown);
  if (thrown instanceof TenantryError || state === undefined || !/^[0-9A-Z]{5}$/.test(state)) return thrown;
  const field = (name: string): string | undefined => {
    const value: unknown =
      typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, name) : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const position = field("position");
  const at = position === undefined ? undefined : Number(position);
  const line = piece.line === undefined ? undefined : piece.line + linesBefore(piece.text, at);
  return new TenantryError({
    code: LOCK_STATES.has(state) ? "lock-timeout" : "migration-failed",
    message: `Migration ${migration.name} failed: ${messageOf(thrown)} (${state}).`,
    details: [
      ...(line === undefined ? [] : [`${migration.file}:${line}:`]),
      ...excerptSql(piece.text, at),
      ...["detail", "hint", "where"].flatMap((name) => field(name) ?? []),
    ],
    hint: hint ?? `Nothing of it was applied. ${advice(state, migration.file)}`,
    cause: thrown,
  });
}

/** It was not the migration's fault: somebody else had what it needed. */
export const LOCK_STATES: ReadonlySet<string> = new Set(["55P03", "40P01", "40001"]);

/** The next thing to do. */
export function advice(state: string | undefined, file: string): string {
  if (state !== undefined && LOCK_STATES.has(state))
    return 'Run "tenantry migrate" again when what blocks it has ended, or with a longer --lock-timeout or --retry-for.';
  if (state === "57014")
    return `If it may take so long, run "tenantry migrate" with a longer --statement-timeout, or put "-- tenantry: statement_timeout=…" at the top of ${file}.`;
  return `Correct ${file}, then run "tenantry migrate" again.`;
}

function linesBefore(text: string, position: number | undefined): number {
  if (position === undefined) return 0;
  return [...text].slice(0, position - 1).filter((character) => character === "\n").length;
}
