import { z } from "zod";
import { describeTarget } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import type { Migration } from "../../migrate/folder/migration.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import type { LedgerShape } from "../../migrate/ledger/ledger-shape.js";
import { readLedgerShape } from "../../migrate/ledger/ledger-shape.js";
import { printSql } from "../../migrate/observe/print-sql.js";
import { reportPlan } from "../../migrate/observe/report-plan.js";
import { pendingMigrations, planMigrations } from "../../migrate/plan/plan-migrations.js";
import { requireSoundPlan } from "../../migrate/plan/require-sound-plan.js";
import { readProgress } from "../../migrate/run/read-progress.js";
import type { Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { createPaint } from "../paint.js";
import { formatPlan } from "../plan/format-plan.js";
import { showPath } from "../plan/show-path.js";
import type { Project } from "../project/project.js";
import type { Target } from "../target.js";
import { resolveShadowServer, resolveTarget } from "../target.js";
import { unlessStopped } from "../unless-stopped.js";

/** `tenantry plan`: what `migrate` would do to the target, watched on the shadow. */
export const planCommand = defineCommand({
  name: "plan",
  summary: "show what migrate would do: statements, locks, rewrites, sizes on the target",
  example: "plan --env production",
  options: [{ flags: "--sql", description: "print the SQL that would run, for psql" }],
  variables: ["DATABASE_URL", "SHADOW_DATABASE_URL"],
  input: z.object({ sql: z.boolean().default(false) }),
  run: async (context, { sql }) => {
    const project = await context.loadProject();
    const target = await resolveTarget(context);
    const folder = await readFolder(project.out);
    return await withTarget(context, target, async (database) => {
      const planning = plan(context, project, folder, database);
      const { report, pending, shape } = await unlessStopped(context.signal, planning);
      const { ledger, settings } = project;
      const { migrations, observedOn, warnings } = report;
      const { host, port, database: name } = describeTarget(target.url);
      const data = {
        target: { host, port, database: name, exists: database !== undefined },
        observedOn,
        migrations,
      };
      if (sql) {
        const text =
          pending.length === 0
            ? "-- Nothing is pending."
            : await printSql({ report, pending, adminRole: settings.roles.admin, ledger, shape });
        return { exitCode: pending.length === 0 ? 0 : 1, data: { ...data, sql: text }, text, warnings };
      }
      if (pending.length === 0) return { exitCode: 0, data, text: "Nothing is pending.", warnings };
      const text = formatPlan(report, createPaint(context.colour));
      return { exitCode: 1, data, text, warnings };
    });
  },
});

async function plan(
  context: Context,
  project: Project,
  folder: readonly Migration[],
  database: Database | undefined,
) {
  const { ledger, settings } = project;
  const shape: LedgerShape | undefined =
    database === undefined ? undefined : (await readLedgerShape(database, ledger))?.shape;
  const planned = planMigrations(folder, database === undefined ? [] : await readLedger(database, ledger));
  requireSoundPlan(planned);
  const pending = pendingMigrations(planned);
  const names = new Set(pending.map(({ name }) => name));
  const report = await reportPlan({
    pending,
    progress: database === undefined ? undefined : await readProgress(database, ledger, pending),
    show: (file) => showPath(project.directory, file),
    shadow:
      pending.length === 0
        ? { unavailable: "nothing is pending" }
        : await chooseShadow(
            context,
            project,
            planned.migrations.filter(({ name }) => !names.has(name)),
          ),
    target: database,
    adminRole: settings.roles.admin,
    logger: context.logger,
    signal: context.signal,
  });
  return { report, pending, shape };
}

/** Without a shadow the plan still says what can be said; why there is none is part of it. */
async function chooseShadow(context: Context, project: Project, applied: readonly Migration[]) {
  const { signal, logger } = context;
  try {
    const server = await resolveShadowServer(context);
    const place = { server, connect: { urlName: "SHADOW_DATABASE_URL" }, out: project.out, signal, logger };
    return { place, applied };
  } catch (thrown) {
    if (!(thrown instanceof TenantryError) || thrown.code === "interrupted") throw thrown;
    return { unavailable: thrown.message };
  }
}

/** In development the database may be still to be made, and all of the folder is pending. */
async function withTarget<T>(
  context: Context,
  target: Target,
  use: (database: Database | undefined) => Promise<T>,
): Promise<T> {
  let isOpen = false;
  try {
    return await withDatabase(target.url, target.connect, (database) => {
      isOpen = true;
      return use(database);
    });
  } catch (thrown) {
    const isMissing = !isOpen && thrown instanceof TenantryError && thrown.code === "database-missing";
    if (!isMissing || context.environment !== "development") throw thrown;
    return await use(undefined);
  }
}
