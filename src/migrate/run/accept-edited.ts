import { qualify, quoteLiteral } from "../../core/identifiers.js";
import type { Database } from "../../postgres/connect.js";
import type { LedgerPlace } from "../ledger/ledger.js";
import { readLedger } from "../ledger/ledger.js";
import type { PlannedMigration } from "../plan/plan-migrations.js";

/** An edit that somebody has accepted. */
export type AcceptedEdit = {
  readonly migration: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
};

/** Writes the hashes of edited files into the ledger, in one transaction. */
export async function acceptEdited(
  database: Database,
  place: LedgerPlace,
  edited: readonly PlannedMigration[],
  reason: string,
): Promise<AcceptedEdit[]> {
  const rows = await readLedger(database, place);
  const accepted = edited.flatMap(({ name, createdAt, hash }) => {
    const own = rows.filter((row) => (row.name === "" ? row.createdAt === createdAt : row.name === name));
    return own.map((row) => ({ id: row.id, migration: name, from: row.hash, to: hash, reason }));
  });
  const updates = accepted.map(
    ({ id, to }) =>
      `update ${qualify(place.schema, place.table)} set hash = ${quoteLiteral(to)} where id = ${Number(id)}`,
  );
  // One message is one transaction.
  if (updates.length > 0) await database.unsafe(updates.join(";\n"));
  return accepted.map(({ id: _, ...edit }) => edit);
}
