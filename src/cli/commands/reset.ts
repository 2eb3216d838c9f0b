import { z } from "zod";
import { describeTarget } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { createBackup } from "../../data/backup/create-backup.js";
import type { ResetPlan } from "../../data/reset/plan-reset.js";
import { proveDevelopment } from "../../data/reset/prove-development.js";
import type { ResetOptions } from "../../data/reset/reset-database.js";
import { resetDatabase } from "../../data/reset/reset-database.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { withDatabase } from "../../postgres/connect.js";
import { readOrderedFolder, withProjectReplay } from "../arrive/with-project-replay.js";
import { backupSettings, readDataProject } from "../backup/backup-settings.js";
import { defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { LOCK_WAIT, lockWaitSchema } from "../lock-wait.js";
import { readPackageVersion } from "../package-version.js";
import type { Project } from "../project/project.js";
import { requireDevelopment } from "../require-development.js";
import type { Target } from "../target.js";
import { resolveTarget } from "../target.js";
import { initCommand } from "./init.js";
import { seedCommand } from "./seed.js";

/** `tenantry reset`: an empty database with all migrations, in development. */
export const resetCommand = defineCommand({
  name: "reset",
  summary: "drop what the migrations made, and make it anew (development)",
  example: "reset --yes --seed",
  options: [
    { flags: "--yes", description: "do it: without it, nothing is dropped" },
    { flags: "--seed", description: "then fill the tables, as tenantry seed does" },
    { flags: "--no-backup", description: "take no backup first" },
    LOCK_WAIT,
    { flags: "--dry-run", description: "list what would be dropped, and change nothing" },
  ],
  input: z.object({
    yes: z.boolean().default(false),
    seed: z.boolean().default(false),
    backup: z.boolean().default(true),
    lockWait: lockWaitSchema,
    dryRun: z.boolean().default(false),
  }),
  run: async (context, { yes, seed, backup, lockWait, dryRun }) => {
    requireDevelopment(context, "reset", "Nothing was touched. No flag allows it there.");
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    const subject = {
      environment: context.environment,
      host: hostOf(target, context),
      developmentHosts: project.settings.developmentHosts,
    };
    // Before anything else is done, and again under the lock.
    await withDatabase(target.url, target.connect, async (database) => {
      const [row] = await database<{ name: string }[]>`select current_database() as name`;
      proveDevelopment({ ...subject, mark: await readEnvironmentMark(database), database: row?.name ?? "" });
    });
    if (!dryRun && !yes) throw unconfirmed(target);
    const file = dryRun || !backup ? undefined : await takeBackup(context, project, target);
    const folder = await readOrderedFolder(project);
    const plan = await withProjectReplay(context, project, folder, (replay) =>
      resetDatabase({
        ...{ url: target.url, connect: target.connect, lockWaitSeconds: lockWait, dryRun },
        ...{ logger: context.logger, signal: context.signal, replay, ledger: project.ledger, subject },
        origin: { command: "reset", environment: context.environment, version: readPackageVersion() },
      } satisfies ResetOptions),
    );
    if (dryRun) return { exitCode: 1, data: { ...plan, dryRun }, text: describe(plan, dryRun) };
    const made = await initCommand.run(context, {});
    const seeded = seed && made.exitCode !== 2 ? await seedCommand.run(context, {}) : undefined;
    const kept = file === undefined ? [] : [`What was there is in ${file}`];
    return {
      exitCode:
        seeded === undefined ? made.exitCode : seeded.exitCode === 0 ? made.exitCode : seeded.exitCode,
      data: { ...plan, dryRun, backup: file ?? null, init: made.data, seed: seeded?.data ?? null },
      text: [[describe(plan, dryRun), ...kept].join("\n"), made.text ?? "", seeded?.text ?? ""]
        .filter((part) => part !== "")
        .join("\n\n"),
      findings: made.findings ?? [],
      warnings: made.warnings ?? [],
    };
  },
});

/** Where a URL names no host, postgres.js asks this variable. */
function hostOf({ url }: Target, { variables }: Context): string {
  return url.hostname === "" ? (variables.PGHOST ?? "localhost") : describeTarget(url).host;
}

async function takeBackup(context: Context, project: Project, target: Target): Promise<string> {
  const data = await readDataProject(project);
  const { file } = await createBackup(await backupSettings(context, data, target)).catch(
    (thrown: unknown) => {
      if (!(thrown instanceof TenantryError) || thrown.code === "interrupted") throw thrown;
      const { code, message, details } = thrown;
      const hint = `Nothing was changed. ${thrown.hint ?? ""} --no-backup resets without one.`;
      throw new TenantryError({ code, message, details, hint, cause: thrown });
    },
  );
  context.logger.info(`backed up into ${file}`);
  return file;
}

function describe({ dropped, left }: ResetPlan, dryRun: boolean): string {
  const verb = dryRun ? "Would drop" : "Dropped";
  const lines = dropped.map((key) => `  ${key}`);
  const head =
    dropped.length === 0
      ? "There is nothing to drop."
      : `${verb} ${dropped.length} of the migrations' making:`;
  return [
    head,
    ...(dryRun ? lines : lines.length === 0 ? [] : [lines.join("\n")]),
    ...(left.length === 0
      ? []
      : ["No migration made these, and they stay:", ...left.map((key) => `  ${key}`)]),
  ].join("\n");
}

function unconfirmed({ url }: Target): TenantryError {
  const { database, host, port } = describeTarget(url);
  return new TenantryError({
    code: "argument-invalid",
    message: `All that the migrations made in ${database} at ${host}:${port} would be dropped, with its rows.`,
    hint: "Nothing was changed. --dry-run shows what would go; --yes does it, after a backup.",
  });
}
