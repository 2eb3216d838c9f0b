import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { listStatements } from "../statements/list-statements.js";
import { ledgerName, readCheckpoints } from "./checkpoints.js";
import { planResume } from "./plan-resume.js";
import { readPartial } from "./read-partial.js";

/**
 * How many statements of each such migration are done, by its name.
 *
 * @throws TenantryError `migrations-folder` for a file that was edited meanwhile, as `migrate` does.
 */
export async function readProgress(
  session: Session,
  ledger: LedgerPlace,
  pending: readonly Migration[],
): Promise<ReadonlyMap<string, number>> {
  const partial = await readPartial(session, ledger);
  const progress = new Map<string, number>();
  for (const migration of pending) {
    if (!partial.includes(migration.name)) continue;
    const place = { ledger: ledgerName(ledger), migration: migration.name };
    const checkpoints = await readCheckpoints(session, place);
    const { from } = planResume(migration, await listStatements(migration), checkpoints, false);
    progress.set(migration.name, from - 1);
  }
  return progress;
}
