import type { AnyCommand } from "./command.js";

/**
 * Every command, in the order in which `--help` shows them. Loaded on demand: each brings the libraries that it needs,
 * and a pre-commit hook should not wait for those of the others.
 */
const LOADERS: Readonly<Record<string, () => Promise<AnyCommand>>> = {
  status: async () => (await import("./commands/status.js")).statusCommand,
  init: async () => (await import("./commands/init.js")).initCommand,
  create: async () => (await import("./commands/create.js")).createCommand,
  check: async () => (await import("./commands/check.js")).checkCommand,
  validate: async () => (await import("./commands/validate.js")).validateCommand,
  generate: async () => (await import("./commands/generate.js")).generateCommand,
  migrate: async () => (await import("./commands/migrate.js")).migrateCommand,
  verify: async () => (await import("./commands/verify.js")).verifyCommand,
  seed: async () => (await import("./commands/seed.js")).seedCommand,
  shell: async () => (await import("./commands/shell.js")).shellCommand,
  "redis-shell": async () => (await import("./commands/redis-shell.js")).redisShellCommand,
  start: async () => (await import("./commands/start.js")).startCommand,
  stop: async () => (await import("./commands/stop.js")).stopCommand,
};

/** The names of all commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(LOADERS);

/** Loads commands by name; a name that is none is left out. */
export async function loadCommands(names: readonly string[] = COMMAND_NAMES): Promise<AnyCommand[]> {
  return await Promise.all(
    names.flatMap((name) => (Object.hasOwn(LOADERS, name) ? LOADERS[name]?.() : undefined) ?? []),
  );
}
