import { resolve } from "node:path";
import { countOf } from "../../core/count-of.js";
import { parseTenantId } from "../../core/tenant-id.js";
import type { TenantBackupReport } from "../../data/tenant-backup/create-tenant-backup.js";
import { createTenantBackup } from "../../data/tenant-backup/create-tenant-backup.js";
import { readEnvironmentMark, requireEnvironment } from "../../migrate/run/environment-mark.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Outcome } from "../command.js";
import type { Context } from "../context.js";
import { formatTable } from "../format-table.js";
import { readPackageVersion } from "../package-version.js";
import { resolveTarget } from "../target.js";
import { defaultBackupFolder, readDataProject } from "./backup-settings.js";
import { readPassphrase } from "./read-passphrase.js";

/** What `backup --creator` was told. */
export type BackUpCreatorInput = {
  readonly creator: string;
  readonly folder: string | undefined;
  readonly passphraseFile: string | undefined;
};

/**
 * `tenantry backup --creator`: the rows of one creator into a file, wherever: a request for one's own data is made in
 * production.
 */
export async function backUpCreator(context: Context, input: BackUpCreatorInput): Promise<Outcome> {
  const { folder, passphraseFile } = input;
  const project = await context.loadProject();
  const tenant = parseTenantId(input.creator, project.settings.columnType);
  const passphrase = await readPassphrase(context, passphraseFile);
  const target = await resolveTarget(context);
  const { expected } = await project.loadSchema();
  await withDatabase(target.url, target.connect, async (database) =>
    requireEnvironment(await readEnvironmentMark(database), context.environment),
  );
  const report = await createTenantBackup({
    ...{ url: target.url, connect: target.connect, expected, tenant, passphrase },
    project: await readDataProject(project),
    directory: folder === undefined ? defaultBackupFolder(context) : resolve(folder),
    version: readPackageVersion(),
    logger: context.logger,
    signal: context.signal,
  });
  if (report === undefined) {
    return {
      exitCode: 1,
      data: { creator: tenant, found: false },
      text: `There is no creator ${tenant}: no table has a row. No file was written.`,
    };
  }
  const { manifest, ...data } = report;
  return {
    exitCode: 0,
    data: { creator: tenant, found: true, ...data, ...manifest },
    text: describe(tenant, report),
  };
}

function describe(tenant: string, { file, rows, bytes, encrypted, manifest }: TenantBackupReport): string {
  const table = formatTable({
    headings: ["TABLE", "ROWS"],
    rows: manifest.tables.map(({ schema, name, rows: count }) => [
      schema === "public" ? name : `${schema}.${name}`,
      String(count),
    ]),
  });
  const how = encrypted ? "encrypted" : "not encrypted";
  return `${table}\n\nBacked up ${tenant}: ${countOf(rows, "row")}, ${countOf(bytes, "byte")}, ${how}.\n${file}`;
}
