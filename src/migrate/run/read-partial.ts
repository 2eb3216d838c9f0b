import { codeOf } from "../../core/errors.js";
import type { Session } from "../../postgres/connect.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { ledgerName, readUnfinished } from "./checkpoints.js";
import { hasEngineTables } from "./engine-tables.js";

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
