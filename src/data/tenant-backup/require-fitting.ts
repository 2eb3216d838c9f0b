import { TenantryError } from "../../core/errors.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { planMigrations } from "../../migrate/plan/plan-migrations.js";
import type { Session } from "../../postgres/connect.js";
import { describeColumns } from "../backup/match-tables.js";
import type { Manifest } from "../backup-file/manifest.js";
import type { DataProject } from "../data-project.js";
import { tableKey } from "../rows/read-tables.js";
import type { TenantShape } from "./tenant-shapes.js";

/**
 * Refuses a backup of one tenant for a database that is at another migration, or has other tables.
 *
 * @throws TenantryError `restore-failed` saying what to do, `tenant-incomplete` naming a table that the backup lacks.
 */
export async function requireFitting(
  session: Session,
  { folder, ledger }: DataProject,
  manifest: Manifest,
  shapes: readonly TenantShape[],
): Promise<void> {
  const { migrations } = planMigrations(folder, await readLedger(session, ledger));
  const here = migrations.flatMap(({ name, hash, state }) =>
    state === "applied" ? [`${name} ${hash}`] : [],
  );
  const there = manifest.position.migrations.map(({ name, hash }) => `${name} ${hash}`);
  const lacking = there.filter((one) => !here.includes(one));
  const more = here.filter((one) => !there.includes(one));
  const nameOf = (one: string) => one.slice(0, one.lastIndexOf(" "));
  if (lacking.length + more.length > 0) {
    throw new TenantryError({
      code: "restore-failed",
      message: `The database is at another migration than the backup was, of ${manifest.createdAt}.`,
      details: [
        ...lacking.map((one) => `not applied here: ${nameOf(one)}`),
        ...more.map((one) => `applied here, and not there: ${nameOf(one)}`),
      ],
      hint:
        more.length === 0
          ? "Nothing was touched. Run tenantry migrate here, then restore."
          : "Nothing was touched. Restore it into a database that is at its migrations, migrate that, and take the backup again.",
    });
  }
  const known = new Map(manifest.tables.map((table) => [tableKey(table), table]));
  const missed = shapes.filter((shape) => !known.has(tableKey(shape)));
  const real = new Map(shapes.map((shape) => [tableKey(shape), shape]));
  const differing = manifest.tables.flatMap((table) => {
    const shape = real.get(tableKey(table));
    // Partitioned or not, it takes the same rows.
    return describeColumns({ ...table, partitioned: shape?.partitioned ?? table.partitioned }, shape) ?? [];
  });
  if (missed.length > 0) {
    throw new TenantryError({
      code: "tenant-incomplete",
      message: "The backup lacks tables that hold rows of creators here.",
      details: missed.map(({ schema, name }) => `${schema}.${name}`),
      hint: "Nothing was touched. Take the backup again, from a database at this schema.",
    });
  }
  if (differing.length === 0) return;
  throw new TenantryError({
    code: "restore-failed",
    message: "The database has other tables than the backup.",
    details: differing,
    hint: 'Nothing was touched. "tenantry verify" shows what has drifted here.',
  });
}
