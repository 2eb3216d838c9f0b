import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findFreePort } from "../../src/postgres/embedded/free-port.js";
import { requireRedisProgram } from "./start-test-redis.js";

/** A Redis of one's own, which may be ill-treated. */
export type RedisServer = {
  readonly port: number;
  /** A client as a service has it: it connects again by itself. */
  readonly connect: () => Redis;
  /** Writes all to disk, from where the next start reads it. */
  readonly save: () => Promise<void>;
  readonly flush: () => Promise<void>;
  readonly kill: () => Promise<void>;
  /** It takes connections, and answers nothing. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** On the same port, with what was saved. */
  readonly start: () => Promise<void>;
  /** Ends it and its clients, and removes what it has written. */
  readonly stop: () => Promise<void>;
};

/**
 * Starts one on loopback; whoever starts it stops it.
 *
 * @param sentinel what it watches, in the words of a configuration file, if it is to be a sentinel.
 */
export async function startIllTreatedRedis(
  args: readonly string[] = [],
  sentinel?: readonly string[],
): Promise<RedisServer> {
  const program = await requireRedisProgram();
  const folder = await mkdtemp(join(tmpdir(), "tenantry-redis-"));
  const port = await findFreePort(folder);
  const clients: Redis[] = [];
  let child: ChildProcess | undefined;
  // A sentinel writes into its file what it finds out.
  const writeConfig = async (lines: readonly string[]) => {
    const path = join(folder, "sentinel.conf");
    const common = [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`];
    await writeFile(path, `${[...common, ...lines].join("\n")}\n`);
    return path;
  };
  const start = async () => {
    const common = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
    const given = sentinel === undefined ? [...common, ...args] : [await writeConfig(sentinel), "--sentinel"];
    const started = spawn(program, given, { stdio: ["ignore", "pipe", "inherit"] });
    child = started;
    let output = "";
    await new Promise<void>((resolve, reject) => {
      started.once("exit", () => reject(new Error(`Redis ended:\n${output}`)));
      started.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (/Ready to accept connections|Sentinel ID is/.test(output)) resolve();
      });
    });
  };
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  const connect = () => {
    const client = new Redis({ port, host: "127.0.0.1", retryStrategy: () => 20, maxRetriesPerRequest: 1 });
    client.on("error", () => {});
    clients.push(client);
    return client;
  };
  const ask = async (command: string) => {
    const client = connect();
    await client.call(command);
    client.disconnect();
  };
  const killAtOnce = () => void child?.kill("SIGKILL");
  process.on("exit", killAtOnce);
  const stop = async () => {
    for (const client of clients) client.disconnect();
    await kill();
    process.off("exit", killAtOnce);
    await rm(folder, { recursive: true, force: true });
  };
  await start();
  return {
    port,
    connect,
    save: () => ask("save"),
    flush: () => ask("flushall"),
    kill,
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    start,
    stop,
  };
}
