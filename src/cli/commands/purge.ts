import { z } from "zod";
import { adminRecordSql } from "../../client/admin/admin-record.js";
import { purge } from "../../data/purge.js";
import type { PurgeTarget } from "../../data/purge-target.js";
import { readPurgeTargets } from "../../data/purge-target.js";
import { withDatabase } from "../../postgres/connect.js";
import { DRY_RUN, defineCommand } from "../command.js";
import { formatTable } from "../format-table.js";
import { resolveTarget } from "../target.js";
import { userName } from "../user-name.js";

const REASON = "expired rows, by tenantry purge";

/** `tenantry purge`: deletes what has expired. */
export const purgeCommand = defineCommand({
  name: "purge",
  summary: "delete expired rows, such as tokens, in batches that are audited",
  example: "purge --limit 50000",
  options: [
    { flags: "--batch <number>", description: "rows of one transaction; default 1,000" },
    { flags: "--limit <number>", description: "rows of one table at most; default 100,000" },
    { flags: "--actor <name>", description: "who does it, for the audit; default the user of this machine" },
    DRY_RUN,
  ],
  variables: ["DATABASE_URL"],
  exits: { 0: "nothing that has expired is left", 1: "more has expired" },
  input: z.object({
    batch: z.coerce.number().int().min(1).max(100_000).default(1000),
    limit: z.coerce.number().int().min(1).max(100_000_000).default(100_000),
    actor: z.string().min(1).max(200).optional(),
    dryRun: z.boolean().default(false),
  }),
  run: async (context, { batch, limit, actor = `tenantry purge (${userName()})`, dryRun }) => {
    const { settings, loadSchema } = await context.loadProject();
    const { exports } = await loadSchema();
    const targets = readPurgeTargets(settings.purge, exports);
    const by = { tenant: undefined, actor, reason: REASON, requestId: undefined };
    const record = adminRecordSql(Object.values(exports), settings.columnType, by);
    const target = await resolveTarget(context);
    const { logger, signal } = context;
    const tables = await withDatabase(target.url, target.connect, (database) =>
      purge({ database, settings, targets, record, actor, batch, limit, dryRun, logger, signal }),
    );
    const isStopped = signal.aborted;
    const isPending = !dryRun && (isStopped || tables.some(({ hasMore }) => hasMore));
    const statements = targets.map(({ remove }) => remove);
    return {
      exitCode: isPending ? 1 : 0,
      data: { dryRun, tables, ...(dryRun ? { statements } : {}) },
      text: describe(tables, targets, dryRun),
      warnings: isPending
        ? [isStopped ? "stopped before the end" : "more rows have expired; run it again"]
        : [],
    };
  },
});

function describe(
  tables: readonly { readonly table: string; readonly rows: number; readonly hasMore: boolean }[],
  targets: readonly PurgeTarget[],
  dryRun: boolean,
): string {
  if (targets.length === 0) return "Nothing to do: defineTenancy() names no table in purge.";
  const counts = formatTable({
    headings: ["TABLE", dryRun ? "EXPIRED" : "DELETED"],
    rows: tables.map(({ table, rows, hasMore }) => [table, hasMore ? `${rows}, and more` : String(rows)]),
  });
  return dryRun ? [...targets.map(({ remove }) => `${remove};`), counts].join("\n\n") : counts;
}
