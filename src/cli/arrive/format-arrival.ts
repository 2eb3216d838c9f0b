import { countOf } from "../../core/count-of.js";
import type { Unknown } from "../../migrate/stamp/arrive.js";

/** More lines than anybody reads on a terminal; `--json` has them all. */
const MOST_LINES = 40;

/** A database that no migration makes: what it is nearest to, and the SQL in both directions. */
export function formatUnknown({ nearest, differences, toFolder, toDatabase }: Unknown): string {
  const place = nearest === undefined ? "an empty database" : `what ${nearest} leaves`;
  const count = countOf(differences.length, "difference");
  return [
    "The database has no ledger, and is nothing that the migrations make.",
    `It is nearest to ${place}: ${count}.`,
    ...limit(differences.map((key) => `  ${key}`)),
    "",
    `-- makes the database ${place}`,
    ...limit(script(toFolder.statements)),
    ...toFolder.rest.map((key) => `-- by hand: ${key}`),
    "",
    `-- the other way: makes ${place} the database`,
    ...limit(script(toDatabase.statements)),
    ...toDatabase.rest.map((key) => `-- by hand: ${key}`),
    "",
    'Nothing was changed. Run the first, or put the second into a migration; then "tenantry init" again.',
    "What is not the migrations' business can be left out: stamp: { ignore: [...] } of defineTenancy().",
  ].join("\n");
}

/** A database that several migrations leave alike. */
export function formatAmbiguous(candidates: readonly string[]): string {
  return [
    "The database has no ledger, and is exactly what several migrations leave:",
    ...candidates.map((name) => `  ${name}`),
    "Those after the first change data, or nothing that stays; whether they have run, the database does not tell.",
    "",
    `Nothing was changed. Name the last one that has run: tenantry stamp --to ${candidates[0] ?? "NAME"}`,
  ].join("\n");
}

function script(statements: readonly string[]): string[] {
  return statements.length === 0 ? ["-- nothing to run"] : statements.flatMap((one) => `${one};`.split("\n"));
}

function limit(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [
    ...lines.slice(0, MOST_LINES),
    `-- and ${lines.length - MOST_LINES} more lines; --json has them all`,
  ];
}
