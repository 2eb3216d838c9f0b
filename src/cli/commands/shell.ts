import { Readable } from "node:stream";
import postgres from "postgres";
import { z } from "zod";
import { describeTarget } from "../../core/database-url.js";
import { TenantryError } from "../../core/errors.js";
import { withDatabase } from "../../postgres/connect.js";
import type { ServerFacts } from "../../postgres/server-facts.js";
import { readServerFacts } from "../../postgres/server-facts.js";
import type { Outcome } from "../command.js";
import { defineCommand } from "../command.js";
import type { Context } from "../context.js";
import { findExecutable } from "../shell/find-executable.js";
import { formatResult } from "../shell/format-rows.js";
import { excerpt, formatNotice } from "../shell/format-sql-error.js";
import { runPsql } from "../shell/psql.js";
import { refuseJsonSession } from "../shell/refuse-json-session.js";
import { requireOneStatement } from "../shell/require-one-statement.js";
import type { ShellTarget } from "../shell/shell-target.js";
import { requireServiceLogin, resolveShellTarget } from "../shell/shell-target.js";
import { runSqlPrompt } from "../shell/sql-prompt.js";
import { openSqlSession } from "../shell/sql-session.js";
import { processTerminal } from "../shell/terminal.js";

/** `tenantry shell`: psql on the project's database, or a small prompt of our own where it is missing. */
export const shellCommand = defineCommand({
  name: "shell",
  summary: "open psql (or a built-in prompt) on the database, as the migrator or as one creator",
  example: 'shell --as-creator 0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d -c "select count(*) from documents"',
  options: [
    { flags: "--as-creator <id>", description: "log in as a service does, in the context of this creator" },
    { flags: "-c, --command <sql>", description: "run one statement and exit" },
    { flags: "--builtin", description: "use the built-in prompt even if psql is installed" },
  ],
  variables: ["DATABASE_URL", "PATH"],
  exits: { 0: "the session or the statement ended well", 1: "the statement failed" },
  input: z.object({
    asCreator: z.string().optional(),
    command: z.string().optional(),
    builtin: z.boolean().default(false),
  }),
  run: async (context, { asCreator, command, builtin }) => {
    refuseJsonSession(context.json, "shell", command);
    // psql's own commands, such as \dt, are not SQL.
    const isSql = command !== undefined && !command.trimStart().startsWith("\\");
    const statement = isSql ? requireOneStatement(command) : undefined;
    const target = await resolveShellTarget(context, asCreator);
    const facts = await readFacts(target);
    if (context.environment !== "development") warnOf(context, target, facts);
    const psql = builtin || context.json ? undefined : await findExecutable(["psql"], context.variables.PATH);
    const terminal = processTerminal();
    const { signal, variables } = context;
    if (psql !== undefined) {
      const warn = (message: string) => context.logger.warn(message);
      const { interactive } = terminal;
      const exitCode = await runPsql({ path: psql, target, command, interactive, variables, signal, warn });
      return { exitCode, data: null };
    }
    if (statement !== undefined) return await runOne(context, target, statement);
    const open = async (onNotice: (notice: postgres.Notice) => void) => {
      // Proves that the server answers, and says in our words if it does not.
      await withDatabase(target.url, target.connect, async () => {});
      return openSqlSession(target, onNotice);
    };
    if (command !== undefined) {
      const input = Readable.from([command]);
      const script = { ...terminal, input, interactive: false };
      return {
        exitCode: await runSqlPrompt({ terminal: script, facts, label: "", open, signal }),
        data: null,
      };
    }
    const exitCode = await runSqlPrompt({ terminal, facts, label: target.label, open, signal });
    return { exitCode, data: null };
  },
});

/** Connects once to see who we are: what is wrong is then told in our words, before psql takes the terminal. */
async function readFacts(target: ShellTarget): Promise<ServerFacts> {
  return await withDatabase(target.url, target.connect, async (database) => {
    if (target.tenantRole !== undefined) await requireServiceLogin(database, target.tenantRole);
    return await readServerFacts(database);
  });
}

function warnOf(context: Context, target: ShellTarget, facts: ServerFacts): void {
  const { host, port } = describeTarget(target.url);
  context.logger.warn(
    `this is ${context.environment}: database ${facts.database} at ${host}:${port}, as ${facts.role}`,
  );
}

async function runOne(context: Context, target: ShellTarget, sql: string): Promise<Outcome> {
  const session = openSqlSession(target, (notice) => context.logger.info(formatNotice(notice)));
  const cancel = () => session.cancel();
  context.signal.addEventListener("abort", cancel);
  try {
    const result = await session.run(sql);
    const { command, columns = [], rows, count } = result;
    const named = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])));
    return {
      exitCode: 0,
      data: { command, columns, rows: named, count: count ?? null },
      text: formatResult(result),
    };
  } catch (thrown) {
    if (!(thrown instanceof postgres.PostgresError)) throw thrown;
    throw new TenantryError({
      code: thrown.code === "57014" && context.signal.aborted ? "interrupted" : "sql-invalid",
      message: `The statement failed: ${thrown.message} (${thrown.code}).`,
      details: [...excerpt(thrown, sql), ...(thrown.detail === undefined ? [] : [thrown.detail])],
      hint: thrown.hint ?? "Correct the statement, then run the command again.",
      cause: thrown,
    });
  } finally {
    context.signal.removeEventListener("abort", cancel);
    await session.end();
  }
}
