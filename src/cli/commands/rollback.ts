import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { createJudge } from "../../isolation/create-judge.js";
import type { Migration } from "../../migrate/folder/migration.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { planMigrations } from "../../migrate/plan/plan-migrations.js";
import { requireSoundPlan } from "../../migrate/plan/require-sound-plan.js";
import { applyRollback } from "../../migrate/rollback/apply-rollback.js";
import { findDataChanges, findLostData } from "../../migrate/rollback/find-lost-data.js";
import { planRollback } from "../../migrate/rollback/plan-rollback.js";
import { readEnvironmentMark } from "../../migrate/run/environment-mark.js";
import { withDatabase } from "../../postgres/connect.js";
import { formatRollback } from "../arrive/format-rollback.js";
import { readOrderedFolder, withProjectReplay } from "../arrive/with-project-replay.js";
import { DRY_RUN, defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { LOCK_WAIT, lockWaitSchema } from "../lock-wait.js";
import { readPackageVersion } from "../package-version.js";
import type { Target } from "../target.js";
import { resolveTarget } from "../target.js";

/** `tenantry rollback`: takes migrations back, in development. */
export const rollbackCommand = defineCommand({
  name: "rollback",
  summary: "take the last migration back, or all after one (development)",
  example: "rollback --yes",
  options: [
    {
      flags: "--to <name>",
      values: "migrations",
      description: "the migration to go back to; default: the last but one",
    },
    { flags: "--yes", description: "do it: without it, only what would be lost is shown" },
    LOCK_WAIT,
    DRY_RUN,
  ],
  variables: ["DATABASE_URL"],
  input: z.object({
    to: z.string().min(1).optional(),
    yes: z.boolean().default(false),
    lockWait: lockWaitSchema,
    dryRun: z.boolean().default(false),
  }),
  run: async (context, { to, yes, lockWait, dryRun }) => {
    if (context.environment !== "development") throw refused(`the environment is ${context.environment}`);
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    const folder = await readOrderedFolder(project);
    const applied = await withDatabase(target.url, target.connect, async (database) => {
      requireKnownDevelopment(context, target, await readEnvironmentMark(database));
      const plan = planMigrations(folder, await readLedger(database, project.ledger));
      requireSoundPlan(plan);
      return plan.migrations.filter(({ state }) => state === "applied");
    });
    const keep = findKept(applied, to);
    const going = applied.slice(keep);
    if (going.length === 0)
      return { exitCode: 0, data: { rolledBack: [], steps: [] }, text: "There is nothing to take back." };
    const steps = await withProjectReplay(context, project, applied, (replay, shadow) =>
      planRollback(shadow.database, replay, applied, keep, context.signal),
    );
    const statements = steps.flatMap((step) => step.statements);
    const lost = await withDatabase(target.url, target.connect, (database) =>
      findLostData(database, statements),
    );
    const kept = await findDataChanges(going);
    const data = { rolledBack: going.map(({ name }) => name), steps, lost, dataStays: kept };
    const text = formatRollback({ steps, lost, dataStays: kept });
    if (dryRun || !yes) {
      const hint = "Nothing was changed. Run it with --yes to do it.";
      return {
        exitCode: dryRun ? 1 : 2,
        data: { ...data, applied: false },
        text: dryRun ? text : `${text}\n\n${hint}`,
      };
    }
    const { expected } = await project.loadSchema();
    await applyRollback({
      url: target.url,
      connect: target.connect,
      lockWaitSeconds: lockWait,
      logger: context.logger,
      signal: context.signal,
      folder,
      applied,
      ledger: project.ledger,
      steps,
      judge: await createJudge(expected),
      origin: { command: "rollback", environment: context.environment, version: readPackageVersion() },
    });
    const names = data.rolledBack.toReversed().join(", ");
    return {
      exitCode: 0,
      data: { ...data, applied: true },
      text: `Took back ${names}. The schema's code is as it was.`,
    };
  },
});

/** How many of the applied migrations stay. */
function findKept(applied: readonly Migration[], to: string | undefined): number {
  if (to === undefined) return Math.max(0, applied.length - 1);
  const index = applied.findIndex(({ name }) => name === to);
  if (index >= 0) return index + 1;
  throw new TenantryError({
    code: "argument-invalid",
    message: `${to} is not among the migrations that were applied.`,
    details: applied.slice(-5).map(({ name }) => name),
    hint: "--to names the migration to go back to: it stays, and what came after it is taken back.",
  });
}

/** What nobody has called development is not development. */
function requireKnownDevelopment(context: Context, target: Target, mark: string | undefined): void {
  if (mark !== undefined && mark !== "development") throw refused(`this is a ${mark} database`);
  if (mark === "development" || target.embedded || context.isEnvironmentNamed) return;
  throw refused(
    "nobody has said that this database is development's: neither TENANTRY_ENV nor --env, nor its own mark",
  );
}

function refused(why: string): TenantryError {
  return new TenantryError({
    code: "production-refused",
    message: `rollback is for development only, and ${why}.`,
    hint: "Nothing was changed. Write a migration that undoes it: tenantry create --revert NAME; it is checked and applied like any other.",
  });
}
