import type { AnyCommand } from "./command.js";

/** What a command is called and does, and where the rest of it is. */
type Entry = {
  /** As the command itself has it. */
  readonly summary: string;
  readonly argument?: string;
  readonly load: () => Promise<AnyCommand>;
};

/**
 * Every command, in the order in which `--help` shows them. Loaded on demand: each brings the libraries that it needs,
 * and neither `--help` nor a pre-commit hook should wait for those of the others.
 */
const COMMANDS: Readonly<Record<string, Entry>> = {
  status: {
    summary: "show server, role, migrations, and the isolation of every table",
    load: async () => (await import("./commands/status.js")).statusCommand,
  },
  init: {
    summary: "bring a database to the right state: create, recognise, migrate, verify",
    load: async () => (await import("./commands/init.js")).initCommand,
  },
  create: {
    summary: "write the next migration: drizzle-kit's diff, completed and rehearsed",
    argument: "name",
    load: async () => (await import("./commands/create.js")).createCommand,
  },
  check: {
    summary: "judge the schema and the migrations, without a database",
    load: async () => (await import("./commands/check.js")).checkCommand,
  },
  validate: {
    summary: "rehearse the migrations on a shadow, judge the result, and attack it",
    load: async () => (await import("./commands/validate.js")).validateCommand,
  },
  generate: {
    summary: "write relations, zod schemas, the manifest and docs from the schema",
    load: async () => (await import("./commands/generate.js")).generateCommand,
  },
  plan: {
    summary: "show what migrate would do: statements, locks, rewrites, sizes on the target",
    load: async () => (await import("./commands/plan.js")).planCommand,
  },
  migrate: {
    summary: "apply the pending migrations, each in one transaction, and verify",
    load: async () => (await import("./commands/migrate.js")).migrateCommand,
  },
  heads: {
    summary: "show the graph of the migrations, and whether its branches go together",
    load: async () => (await import("./commands/heads.js")).headsCommand,
  },
  stamp: {
    summary: "record migrations as applied without running them, with proof",
    load: async () => (await import("./commands/stamp.js")).stampCommand,
  },
  rollback: {
    summary: "take the last migration back, or all after one (development)",
    load: async () => (await import("./commands/rollback.js")).rollbackCommand,
  },
  verify: {
    summary: "judge a live database; attack it with --probe, restore it with --repair",
    load: async () => (await import("./commands/verify.js")).verifyCommand,
  },
  history: {
    summary: "show the run log: who migrated when, from where, for how long, and how it ended",
    load: async () => (await import("./commands/history.js")).historyCommand,
  },
  report: {
    summary: "show on one HTML page how a database is isolated, and what proves it",
    load: async () => (await import("./commands/report.js")).reportCommand,
  },
  purge: {
    summary: "delete expired rows, such as tokens, in batches that are audited",
    load: async () => (await import("./commands/purge.js")).purgeCommand,
  },
  backup: {
    summary: "write the whole database into one file, and read it back to prove it (development)",
    load: async () => (await import("./commands/backup.js")).backupCommand,
  },
  restore: {
    summary: "restore a backup into a new database, or in the place of one (development)",
    argument: "file",
    load: async () => (await import("./commands/restore.js")).restoreCommand,
  },
  seed: {
    summary: "fill the tables with realistic rows for several creators (development)",
    load: async () => (await import("./commands/seed.js")).seedCommand,
  },
  shell: {
    summary: "open psql (or a built-in prompt) on the database, as the migrator or as one creator",
    load: async () => (await import("./commands/shell.js")).shellCommand,
  },
  "redis-shell": {
    summary: "open redis-cli (or a built-in prompt) on the Redis of REDIS_URL",
    load: async () => (await import("./commands/redis-shell.js")).redisShellCommand,
  },
  start: {
    summary: "start the embedded PostgreSQL server of this project (development)",
    load: async () => (await import("./commands/start.js")).startCommand,
  },
  stop: {
    summary: "stop the embedded PostgreSQL server; its data stays",
    load: async () => (await import("./commands/stop.js")).stopCommand,
  },
};

/** The names of all commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** A line of `--help`. */
export type CommandLine = {
  readonly name: string;
  readonly summary: string;
  readonly argument: string | undefined;
};

/** Every command as `--help` shows it, without loading any. */
export const COMMAND_LINES: readonly CommandLine[] = Object.entries(COMMANDS).map(
  ([name, { summary, argument }]) => ({ name, summary, argument }),
);

/** Loads commands by name; a name that is none is left out. */
export async function loadCommands(names: readonly string[] = COMMAND_NAMES): Promise<AnyCommand[]> {
  return await Promise.all(
    names.flatMap((name) => (Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.load() : undefined) ?? []),
  );
}
