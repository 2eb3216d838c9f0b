import type { ParsedStatement } from "./parse-migration.js";
import type { SchemaState } from "./schema-state.js";
import type { SqlContext, SqlFinding } from "./sql-rule.js";
import { placeOf } from "./sql-rule.js";

/** Something that a statement does and that stays until another takes it back. */
export type Act = Pick<SqlFinding, "level" | "subject" | "detail" | "fix">;

/** An act under a key, or with undefined what takes back the act of that key. */
export type ActChange = { readonly key: string; readonly act: Act | undefined };

/** What a statement does or takes back, given the state before it. */
export type ReadActs = (statement: ParsedStatement, state: SchemaState) => readonly ActChange[];

/**
 * The acts that stay: at the end of all migrations, and, of migrations that are still to be run, at the end of the
 * commit that they are part of. Restored in the same commit, they are none.
 */
export function trackActs(context: SqlContext, read: ReadActs): SqlFinding[] {
  type Standing = { readonly at: ParsedStatement; readonly act: Act };
  const standing = new Map<string, Standing>();
  const told = new Set<Standing>();
  for (const unit of context.units) {
    const made = new Set<string>();
    for (const [index, statement] of unit.statements.entries()) {
      for (const { key, act } of read(statement, unit.states[index] ?? unit.before)) {
        if (act === undefined) {
          standing.delete(key);
          made.delete(key);
        } else if (!made.has(key)) {
          standing.set(key, { at: statement, act });
          made.add(key);
        }
      }
    }
    if (!unit.migration.isNew) continue;
    for (const key of made) {
      const one = standing.get(key);
      if (one !== undefined) told.add(one);
    }
  }
  for (const one of standing.values()) told.add(one);
  return [...told].map(({ at, act }) => ({ ...act, ...placeOf(at) }));
}
