import type { LostData } from "../../migrate/rollback/find-lost-data.js";
import type { RollbackStep } from "../../migrate/rollback/plan-rollback.js";

/** What is shown of a rollback before it is done: a script, with all that is lost in its comments. */
export function formatRollback(rollback: {
  readonly steps: readonly RollbackStep[];
  readonly lost: readonly LostData[];
  readonly dataStays: readonly string[];
}): string {
  const { steps, lost, dataStays } = rollback;
  return [
    lost.length === 0 ? "-- no table or column is dropped" : "-- lost with its data:",
    ...lost.map(({ what, rows }) => `--   ${what}: ${describeRows(rows)}`),
    ...dataStays.map((name) => `-- ${name} has changed rows: that is not undone`),
    ...steps.flatMap(({ migration, statements, byHand }) => [
      `-- back over ${migration}${byHand === undefined ? "" : ` (${byHand})`}`,
      ...(statements.length === 0
        ? ["-- nothing to run"]
        : statements.map((one) => `${one.replace(/;\s*$/, "")};`)),
    ]),
  ].join("\n");
}

function describeRows(rows: number | undefined): string {
  if (rows === undefined) return "its rows are hidden from this login";
  return rows === 1 ? "1 row" : `${rows} rows`;
}
