import { TenantryError } from "../../src/core/errors.js";
import { findProgram } from "./find-program.js";
import { canInstallDebianPackages, installDebianPackage } from "./install-debian-package.js";
import { startRedisContainer } from "./redis-in-container.js";
import { startRedisProcess } from "./redis-process.js";
import { runProgram } from "./run-program.js";
import type { RunningServer } from "./running-server.js";

/** Debian has servers here, and not every user has it on the PATH. */
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/opt/homebrew/bin"];

/**
 * Starts Redis: `TEST_REDIS_URL`, else a server that is installed, else one in Docker, else, as root on Debian or
 * Ubuntu, one that is installed now.
 *
 * @throws TenantryError `dependency-missing`, saying how to get one.
 */
export async function startTestRedis(variables: NodeJS.ProcessEnv): Promise<RunningServer> {
  const url = variables.TEST_REDIS_URL;
  if (url !== undefined && url !== "") return { url, origin: "TEST_REDIS_URL", stop: async () => {} };
  const installed = await findRedis();
  if (installed !== undefined) return await startRedisProcess(installed);
  if ((await runProgram("docker", ["info"])).status === 0) return await startRedisContainer();
  if (await canInstallDebianPackages()) {
    await installDebianPackage("redis-server");
    const now = await findRedis();
    if (now !== undefined) return await startRedisProcess(now);
  }
  throw new TenantryError({
    code: "dependency-missing",
    message: "The tests need Redis.",
    hint: "Install redis-server or valkey-server, start Docker, or set TEST_REDIS_URL.",
  });
}

/**
 * A Redis or Valkey to start by oneself, for tests that stop it; installed where that can be done.
 *
 * @throws TenantryError `dependency-missing`
 */
export async function requireRedisProgram(): Promise<string> {
  const installed = await findRedis();
  if (installed !== undefined) return installed;
  if (await canInstallDebianPackages()) await installDebianPackage("redis-server");
  const now = await findRedis();
  if (now !== undefined) return now;
  throw new TenantryError({
    code: "dependency-missing",
    message: "This test needs a Redis that it may stop.",
    hint: "Install redis-server or valkey-server.",
  });
}

function findRedis(): Promise<string | undefined> {
  return findProgram(["redis-server", "valkey-server"], FOLDERS);
}
