import { codeOf } from "../../core/errors.js";
import type { Session } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { listStatements } from "../statements/list-statements.js";
import { ledgerName, readCheckpoints, readUnfinished } from "./checkpoints.js";
import { hasEngineTables } from "./engine-tables.js";
import { planResume } from "./plan-resume.js";

/**
 * The pending migrations of which an earlier run has applied a part. None for a role that may not read the checkpoints: it is
 * not the one that migrates.
 */
export async function readPartial(session: Session, ledger: LedgerPlace): Promise<readonly string[]> {
  if (!(await hasEngineTables(session))) return [];
  try {
    return await readUnfinished(session, ledgerName(ledger));
  } catch (thrown) {
    if (codeOf(thrown) === "42501") return [];
    throw thrown;
  }
}

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
