import { basename } from "node:path";
import { onDatabase } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { readLedgerShape } from "../../migrate/ledger/ledger-shape.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { withDatabase } from "../../postgres/connect.js";
import type { BackupReport } from "../backup/create-backup.js";
import { countLargeObjects, isOfExtension, readNeverIncluded } from "../backup/read-contents.js";
import { readTables } from "../rows/read-tables.js";
import type { RestoreOptions } from "./restore-backup.js";

/**
 * Refuses to replace a database that is not development's, or not of these migrations, or without being told to.
 *
 * @throws TenantryError `production-refused`, `argument-invalid`.
 */
export async function requireReplaceable(options: RestoreOptions): Promise<void> {
  const { url, connect, into, replace, isDevelopment, dryRun } = options;
  const { mark, isForeign } = await look(options);
  const isOther = mark !== undefined && mark !== "development";
  if (isOther || (mark === undefined && isDevelopment !== true)) {
    throw new TenantryError({
      code: "production-refused",
      message: isOther
        ? `${into} is a ${mark} database, and it is not replaced by a backup.`
        : `Nobody has said that ${into} is development's: neither TENANTRY_ENV nor --env, nor its own mark.`,
      hint: "Nothing was touched. Restore into a new database (leave --into out), or use point-in-time recovery.",
    });
  }
  if (isForeign) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${into} belongs to something else: it has tables, and neither a mark nor a ledger of migrations.`,
      hint: "Nothing was touched. Name another database with --into, or leave it out for a new one.",
    });
  }
  if (replace !== undefined || dryRun === true) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: `There is a database ${into}.`,
    hint: "Run it with --yes to replace it (a backup of it is taken first), or leave --into out for a new one.",
  });

  function look({ project }: RestoreOptions) {
    return withDatabase(onDatabase(url, into), connect ?? {}, (database) =>
      database.begin("read only", async (session) => {
        await session.unsafe("set local search_path = pg_catalog");
        const mark = await readEnvironmentMark(session);
        if (mark !== undefined) return { mark, isForeign: false };
        const isOurs = (await readLedgerShape(session, project.ledger)) !== undefined;
        const hasRows = async () =>
          (await readTables(session)).length > 0 ||
          (await readNeverIncluded(session)).some((one) => !isOfExtension(one)) ||
          (await countLargeObjects(session)) > 0;
        return { mark, isForeign: !isOurs && (await hasRows()) };
      }),
    );
  }
}

/**
 * Refuses to replace a database whose backup has not got all of it: what was left out would be dropped with it.
 *
 * @throws TenantryError `backup-refused`.
 */
export function requireWholeBackup(into: string, { file, manifest }: BackupReport): void {
  const lost = manifest.leftOut.filter((one) => !isOfExtension(one));
  if (lost.length === 0) return;
  throw new TenantryError({
    code: "backup-refused",
    message: `${into} has what its backup has not, and it would be gone with ${into}.`,
    details: lost.map(({ name, reason }) => `${name}: ${reason}`),
    hint: `${into} was not replaced; ${basename(file)} was left. Write a migration for these, or drop them; or leave --into out for a new database.`,
  });
}
