import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { formatError } from "../../src/cli/output.js";
import { TenantryError } from "../../src/core/errors.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { readServerFacts } from "../../src/postgres/server-facts.js";
import { connectRedis } from "../../src/redis/connect-redis.js";
import { dropTemplates, prepareTemplate } from "../../src/testing/index.js";
import type { RunningServer } from "./running-server.js";
import { startTestPostgres } from "./start-test-postgres.js";
import { startTestRedis } from "./start-test-redis.js";

declare module "vitest" {
  interface ProvidedContext {
    serverUrl: string;
    redisUrl: string;
  }
}

const migrationsFolder = fileURLToPath(new URL("../../drizzle", import.meta.url));

/** Starts the servers once for the run; what it returns stops them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  const begin = (server: RunningServer) => {
    stops.push(server.stop);
    // A second Ctrl-C ends the run without asking for the first one's answer.
    const { kill } = server;
    if (kill !== undefined) {
      process.on("exit", kill);
      stops.push(async () => void process.off("exit", kill));
    }
    return server;
  };
  try {
    const postgres = begin(await startTestPostgres(process.env));
    const postgresVersion = await preparePostgres(postgres.url);
    stops.push(() => dropTemplates({ serverUrl: postgres.url, migrationsFolder }));
    project.provide("serverUrl", postgres.url);

    const redis = begin(await startTestRedis(process.env));
    const redisVersion = await readRedisVersion(redis.url);
    project.provide("redisUrl", redis.url);

    console.log(
      `PostgreSQL ${postgresVersion} (${postgres.origin}), Redis ${redisVersion} (${redis.origin})`,
    );
    return stopAll;
  } catch (thrown) {
    await stopAll();
    throw thrown instanceof TenantryError ? withoutStack(thrown) : thrown;
  }
}

/** A mistake, or something that is missing, is told in a line. */
function withoutStack(error: TenantryError): Error {
  const plain = new Error(formatError(error).replaceAll("\n", " "));
  plain.stack = "";
  return plain;
}

async function preparePostgres(serverUrl: string): Promise<string> {
  const { version, superuser } = await withDatabase(new URL(serverUrl), {}, readServerFacts);
  if (!superuser) {
    throw new TenantryError({
      code: "role-insufficient",
      message: "The login of TEST_DATABASE_URL is not a superuser.",
      hint: "The tests make roles and databases; give them a superuser of a server that may be played with.",
    });
  }
  await prepareTemplate({ serverUrl, migrationsFolder });
  return version;
}

async function readRedisVersion(url: string): Promise<string> {
  const redis = await connectRedis(url);
  try {
    return /^redis_version:(\S+)/m.exec(await redis.info("server"))?.[1] ?? "of unknown version";
  } finally {
    redis.disconnect();
  }
}
