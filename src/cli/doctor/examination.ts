import { TenantryError } from "../../core/errors.js";
import type { TenancySettings } from "../../core/tenancy-settings.js";
import { parseTenancySettings } from "../../core/tenancy-settings.js";
import type { Database } from "../../postgres/connect.js";
import { openDatabase } from "../../postgres/connect.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";
import type { Target } from "../target.js";
import { findTarget } from "../target.js";

/** What the checks share: each is loaded or opened by the first that asks, and closed at the end. */
export type Examination = {
  readonly context: Context;
  /** The environment as `--env` gave it. */
  readonly env: string | undefined;
  readonly project: () => Promise<Project>;
  /** Of the project, or the defaults where it cannot be loaded. */
  readonly settings: () => Promise<TenancySettings>;
  /** The database that commands work on; undefined where the embedded server does not run. Starts nothing. */
  readonly target: () => Promise<Target | undefined>;
  /** A connection to it. */
  readonly database: () => Promise<Database>;
};

/**
 * Makes an {@link Examination}, and closes what was opened.
 *
 * @throws whatever the function throws.
 */
export async function withExamination<T>(
  context: Context,
  env: string | undefined,
  use: (examination: Examination) => Promise<T>,
): Promise<T> {
  let target: Promise<Target | undefined> | undefined;
  let database: Promise<Database> | undefined;
  const examination: Examination = {
    context,
    env,
    project: context.loadProject,
    settings: async () =>
      await context.loadProject().then(
        ({ settings }) => settings,
        () => parseTenancySettings({}),
      ),
    target: () => {
      target ??= findTarget(context);
      return target;
    },
    database: () => {
      database ??= examination.target().then(open);
      return database;
    },
  };
  try {
    return await use(examination);
  } finally {
    await (await database?.catch(() => undefined))?.end({ timeout: 5 });
  }
}

async function open(target: Target | undefined): Promise<Database> {
  if (target !== undefined) return await openDatabase(target.url, target.connect);
  throw new TenantryError({
    code: "connection-failed",
    message: "The embedded server does not run.",
    hint: 'Run "tenantry start".',
  });
}
