import { join } from "node:path";
import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import { withDatabase } from "../../postgres/connect.js";
import { ensureServiceLogin, SERVICE_URL_VARIABLE } from "../../postgres/service-login.js";
import { DRY_RUN, defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { ensureDatabase } from "../ensure-database.js";
import { formatStatus } from "../format-status.js";
import type { Project } from "../project.js";
import { isSettled, readExpectedCatalog, readStatus } from "../read-status.js";
import { resolveTarget, type Target } from "../target.js";
import { migrate, migrateCommand } from "./migrate.js";

/** `tenantry init`: an empty server becomes a migrated, verified database with a login for services. */
export const initCommand = defineCommand({
  name: "init",
  summary: "bring a database to the right state: create, migrate, verify",
  example: "init",
  options: [DRY_RUN],
  input: z.object({ dryRun: z.boolean().default(false) }),
  run: async (context, { dryRun }) => {
    if (dryRun) return await migrateCommand.run(context, { dryRun });
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    await ensureDatabase(context, target);
    await refuseForeignTables(project, target);
    const applied = await migrate(context, project, target, 60);
    const login =
      context.environment === "development" ? await prepareService(context, project, target) : undefined;
    const { findings, warnings, ...status } = await readStatus(context, project, target);
    const whole = { ...status, findings, warnings };
    const service =
      login === undefined
        ? ""
        : `\n\nServices connect as ${login.user}: see ${SERVICE_URL_VARIABLE} in ${login.file}`;
    const done =
      applied.length === 0
        ? "All is up to date."
        : `Applied ${applied.length} ${applied.length === 1 ? "migration" : "migrations"}.`;
    return {
      exitCode: isSettled(whole) ? 0 : 1,
      data: {
        ...status,
        applied,
        service: login === undefined ? null : { user: login.user, file: login.file },
      },
      text: `${done}\n\n${formatStatus(whole)}${service}`,
      findings,
      warnings,
    };
  },
});

async function prepareService(context: Context, project: Project, target: Target) {
  const file = join(context.directory, ".tenantry", "service.env");
  return await withDatabase(target.url, target.connect, async (database) => {
    const login = await ensureServiceLogin(database, target.url, project.settings.roles.tenant, file);
    if (login.created) context.logger.info(`made the service login ${login.user}`);
    return login;
  });
}

/** Tables without a ledger are somebody's: a restored dump, a pushed schema, another tool's work. */
async function refuseForeignTables(project: Project, target: Target): Promise<void> {
  const { expected } = await project.loadSchema();
  await withDatabase(target.url, target.connect, async (database) => {
    if ((await readLedger(database, project.ledger)).length > 0) return;
    const { relations } = await readExpectedCatalog(database, expected);
    const there = expected.tables.filter((table) =>
      relations.some(({ schema, name }) => schema === table.schema && name === table.name),
    );
    if (there.length === 0) return;
    throw new TenantryError({
      code: "migrations-folder",
      message: `The database has tables of the schema (${there.map(({ name }) => name).join(", ")}), but no ledger of migrations.`,
      hint: "Point DATABASE_URL at an empty database, or restore the ledger with the tables.",
    });
  });
}
