import { isIP } from "node:net";
import type { ExitCode } from "../command.js";
import type { RedisTarget } from "./redis-target.js";
import { runInherited } from "./run-inherited.js";
import { withoutSecrets } from "./without-secrets.js";

/** How redis-cli is run. */
export type RedisCliOptions = {
  /** Where redis-cli or valkey-cli is. */
  readonly path: string;
  readonly target: RedisTarget;
  readonly variables: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
};

/**
 * Runs redis-cli on our terminal. The password goes by a variable, which only its own user can read, and not by `-u` or
 * `-a`, which everybody sees in the process list; there is no third way.
 *
 * @throws TenantryError `dependency-missing` if it cannot be started.
 */
export async function runRedisCli({ path, target, variables, signal }: RedisCliOptions): Promise<ExitCode> {
  // valkey-cli reads its own name first.
  const password =
    target.password === undefined ? {} : { REDISCLI_AUTH: target.password, VALKEYCLI_AUTH: target.password };
  return await runInherited({
    path,
    args: redisCliArgs(target),
    variables: { ...withoutSecrets(variables), ...password },
    signal,
  });
}

/**
 * The options for a target.
 *
 * @example redisCliArgs(parseRedisTarget("redis://me:pw@cache/2"))
 * // ["-h", "cache", "-p", "6379", "-n", "2", "--user", "me"]
 */
export function redisCliArgs({ host, port, database, user, password, tls }: RedisTarget): string[] {
  return [
    ...["-h", host, "-p", String(port), "-n", String(database)],
    // Without a password redis-cli has no use for a user.
    ...(user === undefined || password === undefined ? [] : ["--user", user]),
    ...(tls ? ["--tls", ...(isIP(host) === 0 ? ["--sni", host] : [])] : []),
  ];
}
