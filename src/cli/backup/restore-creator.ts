import { countOf } from "../../core/count-of.js";
import { describeTarget, onDatabase } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { parseTenantId } from "../../core/tenant-id.js";
import { createTenantBackup } from "../../data/tenant-backup/create-tenant-backup.js";
import type { TenantRestoreReport } from "../../data/tenant-backup/restore-tenant-backup.js";
import { restoreTenantBackup } from "../../data/tenant-backup/restore-tenant-backup.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Outcome } from "../command.js";
import type { Context } from "../context.js";
import { forgetInRedis, openRedis } from "../erase/redis-of-tenant.js";
import { requireErasable } from "../erase/require-erasable.js";
import { tenantRecord } from "../erase/tenant-record.js";
import { formatTable } from "../format-table.js";
import { readPackageVersion } from "../package-version.js";
import type { Target } from "../target.js";
import { resolveTarget } from "../target.js";
import { userName } from "../user-name.js";
import { defaultBackupFolder, readDataProject } from "./backup-settings.js";
import { readPassphrase } from "./read-passphrase.js";

/** What `restore --creator` was told. */
export type RestoreCreatorInput = {
  readonly creator: string;
  readonly file: string;
  readonly into: string | undefined;
  readonly yes: boolean;
  readonly reason: string | undefined;
  readonly passphraseFile: string | undefined;
  readonly dryRun: boolean;
};

/** `tenantry restore --creator`: the rows of one creator, and nobody else's, into a database that is there. */
export async function restoreCreator(context: Context, input: RestoreCreatorInput): Promise<Outcome> {
  const { file, yes, reason, dryRun, into } = input;
  const project = await context.loadProject();
  const { expected, exports } = await project.loadSchema();
  const tenant = parseTenantId(input.creator, project.settings.columnType);
  const passphrase = await readPassphrase(context, input.passphraseFile);
  const found = await resolveTarget(context);
  const target: Target = into === undefined ? found : { ...found, url: onDatabase(found.url, into) };
  if (!dryRun && !yes && context.environment !== "development") throw unconfirmed(context);
  if (!dryRun) {
    await withDatabase(target.url, target.connect, (database) =>
      requireErasable(context, target, database, { reason, what: "restored" }),
    );
  }
  const redis = dryRun ? undefined : await openRedis(context);
  const actor = `tenantry restore (${userName()})`;
  const common = {
    ...{ url: target.url, connect: target.connect, expected, tenant, passphrase },
    ...{ project: await readDataProject(project), logger: context.logger, signal: context.signal },
  };
  try {
    const report = await restoreTenantBackup({
      ...{ ...common, file, actor, dryRun },
      backUp: yes
        ? async () => {
            const directory = defaultBackupFolder(context);
            const taken = await createTenantBackup({ ...common, directory, version: readPackageVersion() });
            context.logger.info(`backed up what is there into ${taken?.file ?? "nothing"}`);
            return taken;
          }
        : undefined,
      record: tenantRecord(expected, exports, {
        ...{ tenant, actor, reason: reason ?? "restored in development", isErasure: false },
      }),
    });
    // What caches hold is of the rows that were there.
    if (redis !== undefined)
      await withDatabase(target.url, target.connect, (database) =>
        forgetInRedis(redis, database, project, tenant),
      );
    const { manifest, ...data } = report;
    const { database } = describeTarget(target.url);
    return {
      exitCode: dryRun ? 1 : 0,
      data: { creator: tenant, dryRun, database, createdAt: manifest.createdAt, ...data },
      text: describe(tenant, report, dryRun),
    };
  } finally {
    redis?.disconnect();
  }
}

function describe(
  tenant: string,
  { tables, manifest, backup }: TenantRestoreReport,
  dryRun: boolean,
): string {
  const total = tables.reduce((sum, { rows }) => sum + rows, 0);
  const table = formatTable({
    headings: ["TABLE", "ROWS", "REPLACING"],
    rows: tables.map(({ table: name, rows, replaced }) => [name, String(rows), String(replaced)]),
  });
  return [
    table,
    [
      `${dryRun ? "Would restore" : "Restored"} ${tenant}: ${countOf(total, "row")}, as of ${manifest.createdAt}.`,
      ...(backup === undefined ? [] : [`What was there is in ${backup}`]),
    ].join("\n"),
  ].join("\n\n");
}

function unconfirmed({ environment }: Context): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `A creator's rows would be written into a ${environment} database.`,
    hint: "Nothing was changed. --dry-run shows what would be; --yes does it.",
  });
}
