import { z } from "zod";
import { TenantryError } from "../../core/errors.js";
import { connectRedis } from "../../redis/connect-redis.js";
import type { Outcome } from "../command.js";
import { defineCommand } from "../command.js";
import { findExecutable } from "../shell/find-executable.js";
import { formatRawReply, formatReply, replyToJson } from "../shell/format-reply.js";
import { runRedisCli } from "../shell/redis-cli.js";
import { runRedisPrompt, sendRedisLine } from "../shell/redis-prompt.js";
import type { RedisTarget } from "../shell/redis-target.js";
import { resolveRedisTarget } from "../shell/redis-target.js";
import { refuseJsonSession } from "../shell/refuse-json-session.js";
import { processTerminal } from "../shell/terminal.js";

/** `tenantry redis-shell`: redis-cli on the project's Redis, or a small prompt of our own where it is missing. */
export const redisShellCommand = defineCommand({
  name: "redis-shell",
  summary: "open redis-cli (or a built-in prompt) on the Redis of REDIS_URL",
  example: 'redis-shell -c "get greeting"',
  options: [
    { flags: "-c, --command <line>", description: "run one Redis command and exit" },
    { flags: "--builtin", description: "use the built-in prompt even if redis-cli is installed" },
  ],
  variables: ["REDIS_URL", "PATH"],
  exits: { 0: "the session or the command ended well", 1: "the command failed" },
  input: z.object({ command: z.string().optional(), builtin: z.boolean().default(false) }),
  run: async (context, { command, builtin }) => {
    refuseJsonSession(context.json, "redis-shell", command);
    const target = resolveRedisTarget(context);
    const { environment, signal, variables } = context;
    const label = environment === "development" ? "" : `(${environment})`;
    if (label !== "") context.logger.warn(`this is ${environment}: Redis at ${target.host}:${target.port}`);
    const terminal = processTerminal();
    if (command !== undefined) return await runOne(target, command, terminal.interactive);
    // Scripts get ours even if redis-cli is there: that one ends with 0 whatever Redis answers.
    const path =
      builtin || !terminal.interactive
        ? undefined
        : await findExecutable(["redis-cli", "valkey-cli"], variables.PATH);
    const exitCode =
      path === undefined
        ? await runRedisPrompt({ terminal, target, label, signal })
        : await runRedisCli({ path, target, variables, signal });
    return { exitCode, data: null };
  },
});

async function runOne(target: RedisTarget, line: string, forPeople: boolean): Promise<Outcome> {
  const redis = await connectRedis(target.url);
  try {
    const reply = await sendRedisLine(redis, line);
    if (reply instanceof Error) {
      throw new TenantryError({
        code: "argument-invalid",
        message: `Redis refused the command: ${reply.message}`,
        hint: "Correct the command, then run it again.",
        cause: reply,
      });
    }
    const text = forPeople ? formatReply(reply) : formatRawReply(reply).toString();
    return { exitCode: 0, data: { reply: replyToJson(reply) }, text };
  } finally {
    redis.disconnect();
  }
}
