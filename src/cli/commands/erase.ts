import { z } from "zod";
import { describeTarget } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { parseTenantId } from "../../core/tenant-id.js";
import type { EraseReceipt } from "../../data/erase/erase.js";
import { erase } from "../../data/erase/erase.js";
import { withDatabase } from "../../postgres/connect.js";
import type { Outcome } from "../command.js";
import { defineCommand } from "../command.js";
import type { ToldErasure } from "../erase/format-erasure.js";
import { formatErasure } from "../erase/format-erasure.js";
import { reasonInput } from "../erase/reason-input.js";
import { forgetInRedis, openRedis } from "../erase/redis-of-tenant.js";
import { requireErasable } from "../erase/require-erasable.js";
import { tenantRecord } from "../erase/tenant-record.js";
import { resolveTarget } from "../target.js";
import { userName } from "../user-name.js";

/** `tenantry erase`: all rows of one creator go. */
export const eraseCommand = defineCommand({
  name: "erase",
  summary: "delete all rows of one creator, in one transaction, with a receipt",
  example:
    'erase --creator 0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d --env production --reason "request 4711" --yes',
  options: [
    { flags: "--creator <id>", description: "whose rows" },
    { flags: "--reason <text>", description: "why, for the audit; must be given outside of development" },
    { flags: "--actor <name>", description: "who does it, for the audit; default the user of this machine" },
    { flags: "--yes", description: "do it: without it, nothing is deleted" },
    { flags: "--dry-run", description: "count the rows and print the SQL, and change nothing" },
  ],
  input: z.object({
    creator: z.string({ error: "name the creator: --creator ID" }).min(1),
    reason: reasonInput,
    actor: z.string().min(1).max(200).optional(),
    yes: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  }),
  run: async (context, { creator, reason, actor = `tenantry erase (${userName()})`, yes, dryRun }) => {
    const project = await context.loadProject();
    const { expected, exports } = await project.loadSchema();
    const tenant = parseTenantId(creator, project.settings.columnType);
    if (!dryRun && !yes) throw unconfirmed(tenant);
    const target = await resolveTarget(context);
    const redis = dryRun ? undefined : await openRedis(context);
    const { host, port, database: name } = describeTarget(target.url);
    try {
      return await withDatabase(target.url, target.connect, async (database) => {
        if (!dryRun) await requireErasable(context, target, database, { reason, what: "erased" });
        const why = reason ?? "erased in development";
        const record = tenantRecord(expected, exports, { tenant, actor, reason: why, isErasure: true });
        const { logger, signal } = context;
        const receipt = await erase({ database, expected, tenant, record, actor, dryRun, logger, signal });
        const told: Told = {
          ...{ tenant, dryRun },
          redis: redis === undefined ? undefined : await forgetInRedis(redis, database, project, tenant),
          facts: {
            ...{ creator: tenant, dryRun, actor, reason: reason ?? null, at: new Date().toISOString() },
            ...{ environment: context.environment, database: `${name} at ${host}:${port}` },
          },
        };
        return receipt === undefined ? tellMissing(told) : tell(told, receipt);
      });
    } finally {
      redis?.disconnect();
    }
  },
});

type Told = Omit<ToldErasure, "receipt"> & { readonly facts: Readonly<Record<string, unknown>> };

function tellMissing({ tenant, facts, redis }: Told): Outcome {
  return {
    exitCode: 1,
    data: { ...facts, found: false, redis: redis ?? null },
    text: `There is no creator ${tenant}: no table has a row. Nothing was changed.`,
  };
}

function tell(told: Told, receipt: EraseReceipt): Outcome {
  const { facts, dryRun, redis } = told;
  const { remaining, copies, auditLog, statements, tables } = receipt;
  const warnings = [
    ...remaining.map(({ table, rows }) => `${table}: ${rows} rows were written meanwhile; run it again`),
    ...copies.map((view) => `${view} may hold copies: refresh materialized view ${view}`),
    ...(auditLog?.kept ?? []).map((column) => `${auditLog?.table}.${column} cannot be emptied, and was kept`),
    ...(auditLog === undefined ? ["no table is declared with tenantAuditLog: keep this receipt"] : []),
    ...(redis?.tokensRevoked === false
      ? ["Redis did not confirm that access tokens are revoked; run it again"]
      : []),
  ];
  const isDone = !dryRun && remaining.length === 0 && redis?.tokensRevoked !== false;
  return {
    exitCode: isDone ? 0 : 1,
    data: {
      ...{ ...facts, found: true, tables, auditLog: auditLog ?? null, remaining, copies },
      ...(dryRun ? { statements } : { redis: redis ?? null }),
    },
    text: formatErasure({ ...told, receipt }),
    warnings,
  };
}

function unconfirmed(tenant: string): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `All rows of the creator ${tenant} would be deleted, and nothing brings them back but a backup.`,
    hint: "Nothing was changed. --dry-run shows what would go; --yes does it.",
  });
}
