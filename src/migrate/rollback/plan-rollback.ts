import type { Database } from "../../postgres/connect.js";
import { generatedStatements } from "../create/migration-text.js";
import type { Migration } from "../folder/migration.js";
import { throwIfStopped } from "../run/interrupted.js";
import type { Replay } from "../stamp/replay.js";
import { factsAfter } from "../stamp/replay.js";
import { reverseRenames } from "./reverse-renames.js";
import { walkBack } from "./walk-back.js";

/** The way back over one migration. */
export type RollbackStep = {
  readonly migration: string;
  readonly statements: readonly string[];
  /** The file that was written by hand, if the statements are its. */
  readonly byHand: string | undefined;
};

/** Rolls the shadow's transaction back: it is only looked at. */
const ENOUGH = new Error("enough was seen");

/**
 * Computes the way back over the last migrations, and proves it on the shadow: after each step the catalog is what it was
 * before that migration.
 *
 * @param shadow with all of `applied` applied, which is what `replay` is of.
 * @param keep how many of them stay.
 * @throws TenantryError `rollback-impossible`, `interrupted`.
 */
export async function planRollback(
  shadow: Database,
  replay: Replay,
  applied: readonly Migration[],
  keep: number,
  signal: AbortSignal | undefined,
): Promise<readonly RollbackStep[]> {
  const steps: RollbackStep[] = [];
  await shadow
    .begin(async (session) => {
      for (let index = applied.length - 1; index >= keep; index--) {
        throwIfStopped(signal);
        const migration = applied[index];
        if (migration === undefined) continue;
        const { downSql, name } = migration;
        const statements = await walkBack(session, {
          name: index === 0 ? "an empty database" : `what ${applied[index - 1]?.name} leaves`,
          facts: [...factsAfter(replay, index).values()],
          tries: await reverseRenames(migration),
          byHand: downSql && { file: downSql.file, statements: generatedStatements(downSql.sql) },
        });
        steps.push({ migration: name, statements, byHand: downSql?.file });
      }
      throw ENOUGH;
    })
    .catch((thrown: unknown) => {
      if (thrown !== ENOUGH) throw thrown;
    });
  return steps;
}
