import type { ParsedStatement } from "./parse-migration.js";
import type { TableState } from "./schema-state.js";
import { tableById } from "./schema-state.js";
import type { SqlContext } from "./sql-rule.js";

/** What a table should be at every commit. */
export type Condition = {
  readonly holds: (table: TableState) => boolean;
  /** The statement to blame where it does not hold. */
  readonly blame: (table: TableState) => ParsedStatement | undefined;
};

/** A commit after which the condition does not hold. */
export type Lapse = {
  readonly at: ParsedStatement;
  /** False if a later migration restores it: then it is open only in between. */
  readonly lasting: boolean;
};

/**
 * Where a table does not meet a condition: at the end of all migrations, and, in migrations that are still to be run,
 * at each commit that takes it away and at the end of the migration that creates the table.
 */
export function findLapses(context: SqlContext, id: number, condition: Condition): Lapse[] {
  const end = tableById(context.final, id);
  const broken = end !== undefined && !condition.holds(end);
  const lapses = new Map<ParsedStatement, Lapse>();
  const add = (table: TableState, lasting: boolean) => {
    const at = condition.blame(table) ?? table.createdAt;
    if (at !== undefined && !lapses.has(at)) lapses.set(at, { at, lasting });
  };
  if (broken) add(end, true);
  for (const unit of context.units) {
    if (!unit.migration.isNew) continue;
    const before = tableById(unit.before, id);
    const after = tableById(unit.after, id);
    const isOwn = after?.createdAt?.migration === unit.migration.name;
    // Most migrations leave most tables as they are.
    if (after === undefined || (before === after && !isOwn) || condition.holds(after)) continue;
    const takenAway = before !== undefined && condition.holds(before);
    if (takenAway || (isOwn && unit.endsMigration)) add(after, false);
  }
  return [...lapses.values()];
}

/** How a finding says that a lapse does not last. */
export function untilLater(lapse: Lapse): string {
  return lapse.lasting ? "" : ", until a later commit restores it";
}
