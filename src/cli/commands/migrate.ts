import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { hasErrors } from "../../core/finding.js";
import { createJudge } from "../../isolation/create-judge.js";
import type { Migration } from "../../migrate/folder/read-folder.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { pendingMigrations, planMigrations, requireSoundPlan } from "../../migrate/plan/plan-migrations.js";
import { applyMigrations } from "../../migrate/run/apply-migrations.js";
import { withDatabase } from "../../postgres/connect.js";
import { DRY_RUN, defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { ensureDatabase } from "../ensure-database.js";
import type { Project } from "../project.js";
import { requirePreflight } from "../proof/preflight.js";
import { readStatus } from "../read-status.js";
import { resolveTarget, type Target } from "../target.js";

/** `tenantry migrate`: applies what is pending, then judges the result. */
export const migrateCommand = defineCommand({
  name: "migrate",
  summary: "apply the pending migrations, each in one transaction, and verify",
  example: "migrate --env production",
  options: [
    DRY_RUN,
    { flags: "--lock-wait <seconds>", description: "how long to wait for another migrator; default 60" },
  ],
  input: z.object({
    dryRun: z.boolean().default(false),
    lockWait: z.coerce.number().min(0).max(86_400).default(60),
  }),
  run: async (context, { dryRun, lockWait }) => {
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    if (dryRun) return await previewMigrations(project, target);
    const applied = await migrate(context, project, target, lockWait);
    const { findings, warnings } = await readStatus(context, project, target);
    const text =
      applied.length === 0
        ? "Nothing is pending."
        : `Applied ${applied.length} ${applied.length === 1 ? "migration" : "migrations"}.`;
    return { exitCode: hasErrors(findings) ? 1 : 0, data: { applied }, text, findings, warnings };
  },
});

/** Applies what is pending; also the heart of `init`. */
export async function migrate(context: Context, project: Project, target: Target, lockWaitSeconds: number) {
  const folder = await readFolder(project.out);
  if (folder.length === 0) {
    throw new TenantryError({
      code: "migrations-folder",
      message: `The migrations folder ${project.out} is empty.`,
      hint: 'Run "tenantry create init" to write the first migration.',
    });
  }
  const { expected } = await project.loadSchema();
  await ensureDatabase(context, target);
  const pending = await readPending(project, target, folder);
  if (pending.size > 0) await requirePreflight(context, { project, expected, folder, pending });
  const { applied } = await applyMigrations({
    url: target.url,
    connect: target.connect,
    folder,
    ledger: project.ledger,
    adminRole: project.settings.roles.admin,
    lockWaitSeconds,
    logger: context.logger,
    signal: context.signal,
    judge: await createJudge(expected),
  });
  return applied;
}

/** The names of what is about to run, as far as can be said before the lock is held. */
async function readPending(
  project: Project,
  target: Target,
  folder: readonly Migration[],
): Promise<ReadonlySet<string>> {
  const ledger = await withDatabase(target.url, target.connect, (database) =>
    readLedger(database, project.ledger),
  );
  const plan = planMigrations(folder, ledger);
  requireSoundPlan(plan);
  return new Set(pendingMigrations(plan).map(({ name }) => name));
}

async function previewMigrations(project: Project, target: Target) {
  const folder = await readFolder(project.out);
  const ledger = await withDatabase(target.url, target.connect, (database) =>
    readLedger(database, project.ledger),
  );
  const plan = planMigrations(folder, ledger);
  requireSoundPlan(plan);
  const pending = pendingMigrations(plan);
  return {
    exitCode: pending.length === 0 ? (0 as const) : (1 as const),
    data: { pending: pending.map(({ name, sql }) => ({ name, sql })) },
    text:
      pending.length === 0
        ? "Nothing is pending."
        : pending.map(({ name, sql }) => `-- ${name}\n${sql.trimEnd()}`).join("\n\n"),
  };
}
