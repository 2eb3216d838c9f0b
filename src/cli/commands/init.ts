import { join } from "node:path";
import { z } from "zod";
import { countOf } from "../../core/count-of.js";
import {
  readEnvironmentMark,
  requireEnvironment,
  writeEnvironmentMark,
} from "../../migrate/run/environment-mark.js";
import { stampMigrations } from "../../migrate/stamp/stamp-migrations.js";
import { withDatabase } from "../../postgres/connect.js";
import { ensureServiceLogin, SERVICE_URL_VARIABLE } from "../../postgres/service-login.js";
import type { Examination } from "../arrive/examine-target.js";
import { examineTarget } from "../arrive/examine-target.js";
import { formatAmbiguous, formatUnknown } from "../arrive/format-arrival.js";
import { readOrderedFolder, stampScope } from "../arrive/with-project-replay.js";
import type { Outcome } from "../command.js";
import { DRY_RUN, defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { ensureDatabase } from "../ensure-database.js";
import { formatStatus } from "../format-status.js";
import { readPackageVersion } from "../package-version.js";
import { openProgressLog } from "../progress-logger.js";
import type { Project } from "../project/project.js";
import { isSettled, readStatus } from "../read-status.js";
import { runMigrate } from "../run-migrate.js";
import { resolveTarget, type Target } from "../target.js";
import { migrateCommand } from "./migrate.js";

/** `tenantry init`: whatever is there becomes a migrated, verified database, with a login for services. */
export const initCommand = defineCommand({
  name: "init",
  summary: "bring a database to the right state: create, recognise, migrate, verify",
  example: "init",
  options: [DRY_RUN],
  variables: ["DATABASE_URL", "SHADOW_DATABASE_URL", "REDIS_URL"],
  exits: { 1: "the state cannot be recognised, or a table is not isolated" },
  input: z.object({ dryRun: z.boolean().default(false) }),
  run: async (context, { dryRun }) => {
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    if (!dryRun) await ensureDatabase(context, target);
    await withDatabase(target.url, target.connect, async (database) =>
      requireEnvironment(await readEnvironmentMark(database), context.environment),
    );
    const folder = await readOrderedFolder(project);
    const found = await examineTarget(context, project, target, folder);
    const refused = refuseArrival(found);
    if (refused !== undefined) return refused;
    const stamped = await stampRecognised(context, project, target, found, dryRun);
    if (dryRun && stamped.length === 0) return await migrateCommand.run(context, { dryRun });
    const told = stamped.length === 0 ? "" : `${tellStamped(stamped, dryRun)}\n`;
    if (dryRun) {
      const pending = folder.slice(stamped.length).map(({ name }) => name);
      const rest =
        pending.length === 0 ? "Nothing is pending after them." : `Then pending: ${pending.join(", ")}`;
      return { exitCode: 1, data: { stamped, pending }, text: `${told}${rest}` };
    }
    const log = openProgressLog(context, "text");
    const { applied } = await runMigrate({ ...context, logger: log.logger }, project, target, {
      command: "init",
    }).finally(log.close);
    await mark(context, target);
    const login =
      context.environment === "development" ? await prepareService(context, project, target) : undefined;
    const { findings, warnings, ...status } = await readStatus(context, target);
    const whole = { ...status, findings, warnings };
    const service =
      login === undefined
        ? ""
        : `\n\nServices connect as ${login.user}: see ${SERVICE_URL_VARIABLE} in ${login.file}`;
    const done =
      applied.length === 0 ? "All is up to date." : `Applied ${countOf(applied.length, "migration")}.`;
    return {
      exitCode: isSettled(whole) ? 0 : 1,
      data: {
        ...status,
        stamped,
        applied,
        service: login === undefined ? null : { user: login.user, file: login.file },
      },
      text: `${told}${done}\n\n${formatStatus(whole)}${service}`,
      findings,
      warnings,
    };
  },
});

/** What nobody but a person can decide. */
function refuseArrival(found: Examination): Outcome | undefined {
  if (found.kind === "ambiguous") {
    const { kind, candidates } = found;
    return { exitCode: 1, data: { kind, candidates }, text: formatAmbiguous(candidates) };
  }
  if (found.kind !== "unknown") return undefined;
  const { replay: _, ...data } = found;
  return { exitCode: 1, data, text: formatUnknown(found) };
}

async function stampRecognised(
  context: Context,
  project: Project,
  target: Target,
  found: Examination,
  dryRun: boolean,
): Promise<readonly string[]> {
  if (found.kind !== "recognised" || found.replay === undefined) return [];
  if (found.leftOut.length > 0)
    context.logger.info(`not the migrations' own, and left out: ${found.leftOut.join(", ")}`);
  return await stampMigrations({
    url: target.url,
    connect: target.connect,
    lockWaitSeconds: 60,
    logger: context.logger,
    signal: context.signal,
    folder: await readOrderedFolder(project),
    scope: stampScope(project),
    to: found.to,
    proof: { replay: found.replay },
    origin: { command: "init", environment: context.environment, version: readPackageVersion() },
    dryRun,
  });
}

function tellStamped(stamped: readonly string[], dryRun: boolean): string {
  const last = stamped.at(-1) ?? "";
  const first = stamped.length === 1 ? last : `${stamped.length} migrations, up to ${last},`;
  return `The database is exactly what ${first} ${stamped.length === 1 ? "makes" : "make"}: ${dryRun ? "would be stamped" : "stamped"}.`;
}

/** Not by a guess: a database that is taken for development may be rolled back. */
async function mark(context: Context, target: Target): Promise<void> {
  if (!context.isEnvironmentNamed && !target.embedded) return;
  await withDatabase(target.url, target.connect, async (database) => {
    if ((await readEnvironmentMark(database)) !== undefined) return;
    await writeEnvironmentMark(database, context.environment);
  });
}

async function prepareService(context: Context, project: Project, target: Target) {
  const file = join(context.directory, ".tenantry", "service.env");
  return await withDatabase(target.url, target.connect, async (database) => {
    const login = await ensureServiceLogin(database, target.url, project.settings.roles.tenant, file);
    if (login.created) context.logger.info(`made the service login ${login.user}`);
    return login;
  });
}
