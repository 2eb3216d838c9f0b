import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/postgres/connect.js";
import { findFreePort } from "../../src/postgres/embedded/free-port.js";
import { findProgram } from "../support/find-program.js";
import { canInstallDebianPackages, installDebianPackage } from "../support/install-debian-package.js";

const PATIENCE_MS = 60_000;

/** The pooler's modes, and one that hands out its server connections in turn. */
export type PoolMode = "session" | "transaction" | "transaction-round-robin" | "statement";

/** A PgBouncer in front of a server. */
export type Pooler = {
  readonly urlOf: (database: string) => URL;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a PgBouncer of its own, on loopback; installs it as root on Debian where it is missing, and else fails.
 *
 * @param server whose login it uses for everybody.
 * @param poolSize connections to the server at most, for each database.
 */
export async function startPgbouncer(server: URL, mode: PoolMode, poolSize = 5): Promise<Pooler> {
  const program = await findPgbouncer();
  const folder = await mkdtemp(join(tmpdir(), "tenantry-pgbouncer-"));
  await chmod(folder, 0o755);
  // Not from the range for outgoing connections: another test's would take it before the pooler listens.
  const port = await findFreePort(folder);
  const [poolMode, turn] = [mode.replace("-round-robin", ""), mode.endsWith("robin") ? 1 : 0];
  const host = server.hostname === "localhost" ? "127.0.0.1" : server.hostname;
  await writeFile(
    join(folder, "pgbouncer.ini"),
    `[databases]
* = host=${host} port=${server.port || 5432} user=${decodeURIComponent(server.username)} password=${decodeURIComponent(server.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${poolMode}
server_round_robin = ${turn}
default_pool_size = ${poolSize}
min_pool_size = ${Math.min(3, poolSize)}
ignore_startup_parameters = extra_float_digits
`,
    { mode: 0o644 },
  );
  const asUser = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn(program, [...asUser, "-q", join(folder, "pgbouncer.ini")], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const urlOf = (database: string) => {
    const url = new URL(server);
    url.hostname = "127.0.0.1";
    url.port = String(port);
    url.pathname = `/${database}`;
    return url;
  };
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const died = ended.then(() => Promise.reject(new Error(`PgBouncer does not start on port ${port}.`)));
  await Promise.race([died, untilAnswers(urlOf(server.pathname.slice(1) || "postgres"), stop)]);
  return { urlOf, stop };
}

async function untilAnswers(url: URL, stop: () => Promise<void>): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    try {
      await (await openDatabase(url, { timeoutSeconds: 5 })).end({ timeout: 0 });
      return;
    } catch (thrown) {
      if (Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      await stop();
      throw thrown;
    }
  }
}

async function findPgbouncer(): Promise<string> {
  const find = () => findProgram(["pgbouncer"], ["/usr/sbin", "/usr/bin", "/usr/local/bin"]);
  const installed = await find();
  if (installed !== undefined) return installed;
  if (await canInstallDebianPackages()) await installDebianPackage("pgbouncer");
  const now = await find();
  if (now === undefined) throw new Error("These tests need PgBouncer: install pgbouncer.");
  return now;
}
