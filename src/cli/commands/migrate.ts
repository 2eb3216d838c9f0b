import { z } from "zod";
import { countOf } from "../../core/count-of.js";
import { hasErrors } from "../../core/finding.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { pendingMigrations, planMigrations } from "../../migrate/plan/plan-migrations.js";
import { requireSoundPlan } from "../../migrate/plan/require-sound-plan.js";
import { withDatabase } from "../../postgres/connect.js";
import { DRY_RUN, defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { LOCK_WAIT, lockWaitSchema } from "../lock-wait.js";
import { backupRefInput } from "../migrate/backup-ref.js";
import { describeEndangered, readEndangered } from "../migrate/protect-data.js";
import { TIMEOUT_OPTIONS, timeoutInput, waitInput } from "../migrate-settings.js";
import { openProgressLog } from "../progress-logger.js";
import type { Project } from "../project/project.js";
import { readStatus } from "../read-status.js";
import { runMigrate } from "../run-migrate.js";
import { resolveTarget, type Target } from "../target.js";

/** `tenantry migrate`: applies what is pending, then judges the result. */
export const migrateCommand = defineCommand({
  name: "migrate",
  summary: "apply the pending migrations, each in one transaction, and verify",
  example: "migrate --env production",
  options: [
    DRY_RUN,
    { flags: "--to <name>", values: "migrations", description: "stop after this migration" },
    {
      flags: "--wait <time>",
      description: "for a server that does not answer yet, such as 60s; default none",
    },
    LOCK_WAIT,
    ...TIMEOUT_OPTIONS,
    {
      flags: "--accept-edited <name>",
      values: "migrations",
      description: "take the file of an applied migration for what was applied; may be repeated",
      repeatable: true,
    },
    { flags: "--reason <text>", description: "with --accept-edited: why, for the run log" },
    {
      flags: "--backup-ref <text>",
      description: "what the backup is called that you have taken, for the run log",
    },
    { flags: "--no-backup", description: "take none before data is dropped or written over (development)" },
    {
      flags: "--log <format>",
      values: ["text", "json"],
      description: "text, or json: one object for each event, on stderr",
    },
  ],
  variables: ["DATABASE_URL", "SHADOW_DATABASE_URL", "REDIS_URL"],
  exits: {
    0: "everything is applied and verified",
    1: "with --dry-run: something is pending; else: a table is not isolated",
  },
  input: z
    .object({
      dryRun: z.boolean().default(false),
      to: z.string().optional(),
      wait: waitInput,
      lockWait: lockWaitSchema,
      ...timeoutInput,
      acceptEdited: z.array(z.string()).default([]),
      reason: z.string().trim().min(1).optional(),
      backupRef: backupRefInput,
      backup: z.boolean().default(true),
      log: z.enum(["text", "json"]).default("text"),
    })
    .refine(({ acceptEdited, reason }) => acceptEdited.length === 0 || reason !== undefined, {
      path: ["reason"],
      message: "say why the edit is accepted: it goes into the run log",
    }),
  run: async (context, { dryRun, log, acceptEdited, reason = "", ...input }) => {
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    if (dryRun) return await previewMigrations(context, project, target, acceptEdited);
    const { logger, close } = openProgressLog(context, log);
    try {
      const accepted = acceptEdited.length === 0 ? undefined : { names: acceptEdited, reason };
      const options = { ...input, acceptEdited: accepted };
      const { applied, warnings } = await runMigrate({ ...context, logger }, project, target, options);
      const { findings } = await readStatus(context, target);
      const text =
        applied.length === 0 ? "Nothing is pending." : `Applied ${countOf(applied.length, "migration")}.`;
      return {
        exitCode: hasErrors(findings) ? 1 : 0,
        data: { applied },
        text,
        findings,
        // For people the log has told them.
        ...(context.json || context.quiet ? { warnings } : {}),
      };
    } finally {
      close();
    }
  },
});

async function previewMigrations(
  context: Context,
  project: Project,
  target: Target,
  acceptEdited: readonly string[],
) {
  const folder = await readFolder(project.out);
  const ledger = await withDatabase(target.url, target.connect, (database) =>
    readLedger(database, project.ledger),
  );
  const plan = planMigrations(folder, ledger);
  requireSoundPlan(plan, { acceptEdited });
  const pending = pendingMigrations(plan);
  const names = new Set(pending.map(({ name }) => name));
  const { expected } = await project.loadSchema();
  const endangered = await readEndangered(project, target, { expected, folder, pending: names });
  const wants =
    context.environment === "development"
      ? "a backup is taken first"
      : "a backup must be named or taken first";
  return {
    exitCode: pending.length === 0 ? (0 as const) : (1 as const),
    data: { pending: pending.map(({ name, sql }) => ({ name, sql })) },
    text:
      pending.length === 0
        ? "Nothing is pending."
        : pending.map(({ name, sql }) => `-- ${name}\n${sql.trimEnd()}`).join("\n\n"),
    warnings: endangered.map((one) => `${describeEndangered(one)}: ${wants}`),
  };
}
