import type { Redis } from "ioredis";
import { messageOf, TenantryError } from "../../core/errors.js";
import { connectRedis } from "../../redis/connect-redis.js";
import type { ExitCode } from "../command.js";
import { formatError } from "../output.js";
import type { RedisReply } from "./format-reply.js";
import { formatRawReply, formatReply } from "./format-reply.js";
import type { RedisTarget } from "./redis-target.js";
import type { Prompt } from "./run-prompt.js";
import { runPrompt } from "./run-prompt.js";
import { splitWords } from "./split-words.js";
import type { Terminal } from "./terminal.js";

/** They answer again and again, which this prompt has no place for. */
const STREAMING: ReadonlySet<string> = new Set([
  "subscribe",
  "psubscribe",
  "ssubscribe",
  "monitor",
  "sync",
  "psync",
]);

const HELP = `One command a line, such as: set greeting "hello world"
quit, exit or Ctrl-D ends the session; Ctrl-C ends a command that waits.
This is tenantry's own small prompt; with redis-cli installed, tenantry redis-shell runs that.`;

/** What the prompt needs to know and to reach. */
export type RedisPromptOptions = {
  readonly terminal: Terminal;
  readonly target: RedisTarget;
  readonly label: string;
  readonly signal: AbortSignal;
};

/**
 * Sends the commands that are typed or piped in, and shows the answers.
 *
 * @returns 0, or 2 if a script's command failed or the connection was lost for good.
 * @throws TenantryError as `connectRedis`, and `interrupted` if the signal fires.
 */
export async function runRedisPrompt(options: RedisPromptOptions): Promise<ExitCode> {
  const prompt = new RedisPrompt(options);
  try {
    await prompt.open();
    await runPrompt(prompt, options.terminal, options.signal);
  } finally {
    prompt.close();
  }
  if (!options.signal.aborted) return prompt.exitCode;
  throw new TenantryError({
    code: "interrupted",
    message: "The Redis shell was stopped.",
    hint: "Run the command again.",
  });
}

/**
 * Sends one command.
 *
 * @throws TenantryError `argument-invalid` for a command line that this cannot send; whatever Redis answers with is
 * returned, errors too; a lost connection is thrown as it comes.
 */
export async function sendRedisLine(redis: Redis, line: string): Promise<RedisReply> {
  const [command, ...args] = splitWords(line) ?? [];
  if (command === undefined) {
    throw new TenantryError({
      code: "argument-invalid",
      message:
        line.trim() === "" ? "There is no command." : "A quote is not closed, or has no space behind it.",
      hint: 'Write, for example: set greeting "hello world"',
    });
  }
  const name = command.toString();
  if (STREAMING.has(name.toLowerCase())) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `${name.toUpperCase()} needs redis-cli.`,
      hint: "Install redis-cli (Debian: apt-get install redis-tools).",
    });
  }
  try {
    return parseReply(await redis.callBuffer(name, ...args));
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "ReplyError") return thrown;
    throw thrown;
  }
}

function parseReply(reply: unknown): RedisReply {
  if (Array.isArray(reply)) return reply.map(parseReply);
  if (reply === null || typeof reply === "number" || typeof reply === "string") return reply;
  if (Buffer.isBuffer(reply) || reply instanceof Error) return reply;
  return String(reply);
}

class RedisPrompt implements Prompt {
  exitCode: ExitCode = 0;
  readonly #options: RedisPromptOptions;
  #redis: Redis | undefined;
  #database: number;
  #isCancelled = false;

  constructor(options: RedisPromptOptions) {
    this.#options = options;
    this.#database = options.target.database;
  }

  async open(): Promise<void> {
    this.#redis = await connectRedis(this.#options.target.url);
    this.#database = this.#options.target.database;
  }

  close(): void {
    this.#redis?.disconnect();
  }

  text = (): string => {
    const { target, label } = this.#options;
    const database = this.#database === 0 ? "" : `[${this.#database}]`;
    return `${target.host}:${target.port}${database}${label === "" ? "" : ` ${label}`}> `;
  };

  /** Redis cannot take a command back; a command that waits ends with its connection. */
  cancel = (): void => {
    this.#isCancelled = true;
    this.#redis?.disconnect();
  };

  discard = (): void => {};

  accept = async (line: string): Promise<boolean> => {
    const text = line.trim();
    if (text === "") return true;
    if (/^(quit|exit)$/i.test(text)) return false;
    if (/^(help|\?)$/i.test(text)) {
      this.#options.terminal.output.write(`${HELP}\n`);
      return true;
    }
    if (this.#redis === undefined) throw new Error("the connection is not open");
    try {
      const reply = await sendRedisLine(this.#redis, text);
      if (!(reply instanceof Error)) this.#followSelect(text);
      this.#show(reply);
      return this.exitCode === 0;
    } catch (thrown) {
      if (thrown instanceof TenantryError) return this.#fail(formatError(thrown));
      const reason = this.#isCancelled ? "cancelled" : `the connection is lost (${messageOf(thrown)})`;
      this.#isCancelled = false;
      const goesOn = this.#fail(`error: ${reason}`);
      return goesOn && !this.#options.signal.aborted ? await this.#reconnect() : false;
    }
  };

  async #reconnect(): Promise<boolean> {
    this.close();
    try {
      await this.open();
      this.#options.terminal.errors.write("Connected again.\n");
      return true;
    } catch (thrown) {
      if (!(thrown instanceof TenantryError)) throw thrown;
      this.exitCode = 2;
      this.#options.terminal.errors.write(`${formatError(thrown)}\n`);
      return false;
    }
  }

  #followSelect(line: string): void {
    const [command, database] = (splitWords(line) ?? []).map((word) => word.toString());
    if (command?.toLowerCase() === "select" && database !== undefined) this.#database = Number(database);
  }

  /** redis-cli's own way: for people on a terminal, raw into a pipe. */
  #show(reply: RedisReply): void {
    const { interactive, output } = this.#options.terminal;
    if (interactive) output.write(`${formatReply(reply)}\n`);
    else if (reply instanceof Error) this.#fail(`error: ${reply.message}`);
    else output.write(Buffer.concat([formatRawReply(reply), Buffer.from("\n")]));
  }

  #fail(text: string): boolean {
    this.#options.terminal.errors.write(`${text}\n`);
    if (!this.#options.terminal.interactive) this.exitCode = 2;
    return this.#options.terminal.interactive;
  }
}
