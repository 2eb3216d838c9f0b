import { z } from "zod";
import { countOf } from "../../core/count-of.js";
import { TenantryError } from "../../core/errors.js";
import { readEnvironmentMark, requireEnvironment } from "../../migrate/run/environment-mark.js";
import type { StampOptions } from "../../migrate/stamp/stamp-migrations.js";
import { stampMigrations } from "../../migrate/stamp/stamp-migrations.js";
import { withDatabase } from "../../postgres/connect.js";
import { readOrderedFolder, stampScope, withProjectReplay } from "../arrive/with-project-replay.js";
import { defineCommand } from "../command.js";
import { LOCK_WAIT, lockWaitSchema } from "../lock-wait.js";
import { readPackageVersion } from "../package-version.js";
import { resolveTarget } from "../target.js";

/** `tenantry stamp`: records migrations as applied, because the database is proven to be what they make. */
export const stampCommand = defineCommand({
  name: "stamp",
  summary: "record migrations as applied without running them, with proof",
  example: "stamp --to 20260101120000_init",
  options: [
    {
      flags: "--to <name>",
      values: "migrations",
      description: "the last migration to record; all before it are recorded too",
    },
    { flags: "--force", description: "without the proof; needs --reason" },
    { flags: "--reason <text>", description: "why, for the run log" },
    LOCK_WAIT,
    { flags: "--dry-run", description: "say what would be recorded and change nothing" },
  ],
  variables: ["DATABASE_URL", "SHADOW_DATABASE_URL"],
  input: z.object({
    to: z.string("name the last migration").min(1),
    force: z.boolean().default(false),
    reason: z.string().trim().min(1).optional(),
    lockWait: lockWaitSchema,
    dryRun: z.boolean().default(false),
  }),
  run: async (context, { to, force, reason, lockWait, dryRun }) => {
    requireReason(force, reason);
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    await withDatabase(target.url, target.connect, async (database) =>
      requireEnvironment(await readEnvironmentMark(database), context.environment),
    );
    const folder = await readOrderedFolder(project);
    const stampWith = (proof: StampOptions["proof"]) =>
      stampMigrations({
        url: target.url,
        connect: target.connect,
        lockWaitSeconds: lockWait,
        logger: context.logger,
        signal: context.signal,
        folder,
        scope: stampScope(project),
        to,
        proof,
        origin: { command: "stamp", environment: context.environment, version: readPackageVersion() },
        dryRun,
      });
    const stamped =
      reason !== undefined && force
        ? await stampWith({ reason })
        : await withProjectReplay(context, project, folder, (replay) => stampWith({ replay }));
    const verb = dryRun ? "Would record" : "Recorded";
    return {
      exitCode: dryRun && stamped.length > 0 ? 1 : 0,
      data: { stamped, proven: !force, dryRun },
      text:
        stamped.length === 0
          ? `Nothing to record: the ledger has all up to ${to}.`
          : `${verb} ${countOf(stamped.length, "migration")} as applied, up to ${to}${force ? ", without proof" : ": the database is exactly what they make"}.`,
    };
  },
});

function requireReason(force: boolean, reason: string | undefined): void {
  if (force === (reason !== undefined)) return;
  throw new TenantryError({
    code: "argument-invalid",
    message: force ? "--force is given without --reason." : "--reason is given without --force.",
    hint: 'Write --force --reason "restored from the dump of Monday", or neither: then it is proven.',
  });
}
