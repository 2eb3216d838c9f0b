import postgres from "postgres";
import { TenantryError } from "../../core/errors.js";
import type { ServerFacts } from "../../postgres/server-facts.js";
import type { ExitCode } from "../command.js";
import { formatError } from "../output.js";
import { relationParts, relationSql, TABLES_SQL } from "./describe-sql.js";
import { formatResult } from "./format-rows.js";
import { formatNotice, formatSqlError } from "./format-sql-error.js";
import type { Prompt } from "./run-prompt.js";
import { runPrompt } from "./run-prompt.js";
import type { SqlResult, SqlSession } from "./sql-session.js";
import { SqlSplitter } from "./sql-splitter.js";
import type { Terminal } from "./terminal.js";
import type { TransactionState } from "./transaction-state.js";
import { nextTransactionState, transactionSign } from "./transaction-state.js";

const HELP = `Statements end with a semicolon and may take several lines.
  \\dt        tables, with the state of their row security
  \\d NAME    columns, indexes, constraints, policies and triggers of a table
  \\r         forget the statement typed so far
  \\?         this help
  \\q         quit (or Ctrl-D)
Ctrl-C cancels the running statement, or forgets the one typed so far.
This is tenantry's own small prompt; with psql installed, tenantry shell runs that.`;

/** What the prompt needs to know and to reach. */
export type SqlPromptOptions = {
  readonly terminal: Terminal;
  readonly facts: Pick<ServerFacts, "database" | "superuser">;
  /** What the prompt says beside the database. */
  readonly label: string;
  /** Opens a connection; once more when one is lost. */
  readonly open: (onNotice: (notice: postgres.Notice) => void) => Promise<SqlSession>;
  readonly signal: AbortSignal;
};

/**
 * Runs the statements that are typed or piped in, and shows what they give.
 *
 * @returns 0, or 2 if a script's statement failed or the connection was lost for good.
 * @throws TenantryError `interrupted` if the signal fires.
 */
export async function runSqlPrompt(options: SqlPromptOptions): Promise<ExitCode> {
  const prompt = new SqlPrompt(options);
  try {
    await prompt.open();
    await runPrompt(prompt, options.terminal, options.signal);
    if (!options.signal.aborted && !options.terminal.interactive) await prompt.finish();
  } finally {
    await prompt.close();
  }
  if (!options.signal.aborted) return prompt.exitCode;
  throw new TenantryError({
    code: "interrupted",
    message: "The shell was stopped; an open transaction is rolled back.",
    hint: "Run the command again.",
  });
}

class SqlPrompt implements Prompt {
  exitCode: ExitCode = 0;
  readonly #options: SqlPromptOptions;
  readonly #splitter = new SqlSplitter();
  #session: SqlSession | undefined;
  #transaction: TransactionState = "none";
  #isFirstLine = true;

  constructor(options: SqlPromptOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#session = await this.#options.open((notice) => this.#tell(formatNotice(notice)));
    this.#transaction = "none";
  }

  async close(): Promise<void> {
    await this.#session?.end();
  }

  text = (): string => {
    const { facts, label } = this.#options;
    const place = label === "" ? facts.database : `${facts.database} ${label}`;
    return `${place}${this.#splitter.unfinished}${transactionSign(this.#transaction)}${facts.superuser ? "#" : ">"} `;
  };

  cancel = (): void => this.#session?.cancel();

  discard = (): void => this.#splitter.clear();

  accept = async (typed: string): Promise<boolean> => {
    // Files that come from Windows begin with a mark.
    const line = this.#isFirstLine ? typed.replace(/^\uFEFF/, "") : typed;
    this.#isFirstLine = false;
    const word = line.trim();
    const { unfinished } = this.#splitter;
    if (unfinished === "=" && (word === "quit" || word === "exit")) return false;
    if (unfinished === "=" && word === "help") return await this.#obey("\\?");
    if (word.startsWith("\\") && ["=", "-", "("].includes(unfinished)) return await this.#obey(word);
    for (const statement of this.#splitter.push(`${line}\n`)) {
      if (!(await this.#run(statement))) return false;
    }
    return true;
  };

  /** Runs what a script has left without a semicolon at its end. */
  async finish(): Promise<void> {
    const rest = this.exitCode === 0 ? this.#splitter.take() : undefined;
    if (rest !== undefined) await this.#run(rest);
  }

  async #obey(text: string): Promise<boolean> {
    const [command = "", ...words] = text.replace(/;+$/, "").split(/\s+/);
    const name = words.join(" ");
    switch (command) {
      case "\\q":
        return false;
      case "\\?":
        this.#show(HELP);
        return true;
      case "\\r":
        this.#splitter.clear();
        return true;
      case "\\dt":
        return await this.#run(TABLES_SQL.trim());
      case "\\d":
        return name === "" ? await this.#run(TABLES_SQL.trim()) : await this.#describe(name);
      default:
        return this.#fail(
          `There is no command ${command} here; \\? lists those there are, psql has the rest.`,
        );
    }
  }

  async #describe(name: string): Promise<boolean> {
    return await this.#attempt(relationSql(name).trim(), async (session, sql) => {
      const title = (await session.run(sql)).rows[0]?.[0];
      if (title === undefined || title === null) return this.#fail(`There is no relation ${name}.`);
      this.#show(title);
      for (const part of relationParts(name)) {
        const result = await session.run(part.sql);
        if (result.rows.length > 0)
          this.#show([part.title, formatResult(result)].filter((text) => text !== "").join("\n"));
      }
      return true;
    });
  }

  async #run(statement: string): Promise<boolean> {
    return await this.#attempt(statement, async (session, sql) => {
      const result = await session.run(sql);
      this.#settle(result, sql);
      const text = formatResult(result);
      if (text !== "") this.#show(text);
      return true;
    });
  }

  /** True if the prompt goes on: a person's does after an error, a script's does not. */
  async #attempt(
    sql: string,
    work: (session: SqlSession, sql: string) => Promise<boolean>,
  ): Promise<boolean> {
    if (this.#session === undefined) throw new Error("the session is not open");
    try {
      return await work(this.#session, sql);
    } catch (thrown) {
      if (thrown instanceof postgres.PostgresError) {
        this.#transaction = nextTransactionState(this.#transaction, undefined, sql);
        return this.#fail(formatSqlError(thrown, sql));
      }
      if (!(thrown instanceof TenantryError)) throw thrown;
      const { interactive } = this.#options.terminal;
      if (thrown.code !== "connection-failed" || !interactive) return this.#fail(formatError(thrown));
      this.#tell(`error: ${thrown.message}`);
      return this.#options.signal.aborted ? false : await this.#reconnect();
    }
  }

  #settle({ command }: SqlResult, sql: string): void {
    this.#transaction = nextTransactionState(this.#transaction, command, sql);
  }

  async #reconnect(): Promise<boolean> {
    await this.#session?.end();
    try {
      await this.open();
      this.#tell("Connected again.");
      return true;
    } catch (thrown) {
      if (!(thrown instanceof TenantryError)) throw thrown;
      this.exitCode = 2;
      this.#tell(formatError(thrown));
      return false;
    }
  }

  #fail(text: string): boolean {
    this.#tell(text);
    if (!this.#options.terminal.interactive) this.exitCode = 2;
    return this.#options.terminal.interactive;
  }

  #show(text: string): void {
    this.#options.terminal.output.write(`${text}\n${this.#options.terminal.interactive ? "\n" : ""}`);
  }

  #tell(text: string): void {
    this.#options.terminal.errors.write(`${text}\n`);
  }
}
