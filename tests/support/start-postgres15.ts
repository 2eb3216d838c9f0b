import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TenantryError } from "../../src/core/errors.js";
import { findFreePort } from "../../src/postgres/embedded/free-port.js";
import { launchServer } from "../../src/postgres/embedded/launch-server.js";
import { runAs } from "../../src/postgres/embedded/run-as.js";
import { type Account, chooseAccount } from "../../src/postgres/embedded/unprivileged-account.js";
import { findProgram } from "./find-program.js";
import { canInstallDebianPackages, installDebianPackage } from "./install-debian-package.js";
import { runProgram } from "./run-program.js";
import type { RunningServer } from "./running-server.js";
import { makeServerFolder, removeServerFolder } from "./server-folder.js";

const VERSION = /\(PostgreSQL\) (15\.\d+)/;

/**
 * Starts PostgreSQL 15, the oldest that is supported, on data that is thrown away: without fsync, on a free port of
 * 127.0.0.1. Where its programs are missing, Debian's package is installed if that is possible.
 *
 * @throws TenantryError `dependency-missing`, saying how to get them; `server-failed`.
 */
export async function startPostgres15(): Promise<RunningServer> {
  const { postgres, version } = await findPostgres15();
  const initdb = join(dirname(postgres), "initdb");
  const directory = await makeServerFolder("tenantry-test-postgres15-");
  try {
    const account = await chooseAccount(directory, undefined);
    const [dataDirectory, password] = [join(directory, "data"), randomBytes(24).toString("base64url")];
    await createData({ initdb, directory, dataDirectory, password, account });
    const port = await findFreePort(directory);
    const logFile = join(directory, "server.log");
    const binaries = { postgres, initdb, version, major: "15" };
    const server = { binaries, dataDirectory, logFile, port, account, durable: false, maxConnections: 300 };
    const launched = await launchServer(server);
    if ("failed" in launched) throw failed("does not start", launched.failed);
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      origin: postgres,
      stop: () => removeServerFolder(directory),
    };
  } catch (thrown) {
    await removeServerFolder(directory);
    throw thrown;
  }
}

async function createData(parts: {
  readonly initdb: string;
  readonly directory: string;
  readonly dataDirectory: string;
  readonly password: string;
  readonly account: Account | undefined;
}): Promise<void> {
  const { initdb, directory, dataDirectory, password, account } = parts;
  const passwordFile = join(directory, "password");
  await mkdir(dataDirectory, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) {
    await chmod(directory, 0o711);
    for (const path of [dataDirectory, passwordFile]) await chown(path, account.uid, account.gid);
  }
  const { status, output } = await runAs(account, initdb, [
    ...["-D", dataDirectory, "-U", "postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"],
    ...["--encoding=UTF8", "--locale=C", "--no-sync"],
  ]);
  if (status !== 0) throw failed("could not create its data", output);
  await rm(passwordFile);
}

async function findPostgres15(): Promise<{ postgres: string; version: string }> {
  const found = await lookForPostgres15();
  if (found !== undefined) return found;
  if (await canInstallDebianPackages()) {
    await installDebianPackage("postgresql-15");
    const now = await lookForPostgres15();
    if (now !== undefined) return now;
  }
  throw new TenantryError({
    code: "dependency-missing",
    message: "These tests need the programs of PostgreSQL 15.",
    hint: "Install postgresql-15 (Debian 12 has it), or put its bin folder on the PATH.",
  });
}

/** Debian keeps them off the PATH, and what is on the PATH may be of another version. */
async function lookForPostgres15(): Promise<{ postgres: string; version: string } | undefined> {
  const configured = await runProgram("pg_config", ["--bindir"]);
  const folders = [
    "/usr/lib/postgresql/15/bin",
    ...(configured.status === 0 ? [configured.output.trim()] : []),
  ];
  for (const folder of [...folders, undefined]) {
    const postgres = await findProgram(["postgres"], folder === undefined ? [] : [folder]);
    if (postgres === undefined) continue;
    const version = VERSION.exec((await runProgram(postgres, ["--version"])).output)?.[1];
    if (version !== undefined) return { postgres, version };
  }
  return undefined;
}

function failed(what: string, details: readonly string[]): TenantryError {
  return new TenantryError({ code: "server-failed", message: `PostgreSQL 15 ${what}.`, details });
}
