import { execFile } from "node:child_process";
import { appendFile, chmod, chown, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Database } from "../../src/postgres/connect.js";
import { findFreePort } from "../../src/postgres/embedded/free-port.js";
import { launchServer } from "../../src/postgres/embedded/launch-server.js";
import { chooseAccount } from "../../src/postgres/embedded/unprivileged-account.js";
import { makeServerFolder, removeServerFolder } from "./server-folder.js";

const run = promisify(execFile);

/** A server that follows another one by streaming replication. */
export type Standby = {
  /** As the URL of the same database on the primary. */
  readonly urlOf: (primary: URL) => URL;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a hot standby of a server on this machine: a copy of its data, made as a base backup, that then follows it. By
 * hand, since the embedded server comes without pg_basebackup.
 *
 * @param admin one connection to the primary, as superuser.
 */
export async function startStandby(admin: Database, primary: URL): Promise<Standby> {
  const directory = await makeServerFolder("tenantry-test-standby-");
  try {
    const account = await chooseAccount(directory, undefined);
    if (account !== undefined) await chmod(directory, 0o711);
    const dataDirectory = join(directory, "data");
    // A backup belongs to the session that began it.
    const session = await admin.reserve();
    try {
      const [{ source, pid, major, connections } = { source: "", pid: "", major: "", connections: 0 }] =
        await session<{ source: string; pid: string; major: string; connections: number }[]>`
        select current_setting('data_directory') as source, split_part(pg_read_file('postmaster.pid'), chr(10), 1) as pid,
               split_part(current_setting('server_version'), '.', 1) as major,
               current_setting('max_connections')::int as connections`;
      await session`select pg_backup_start('standby', true)`;
      await run("cp", ["-a", source, dataDirectory]);
      const [stop] = await session<{ label: string }[]>`select labelfile as label from pg_backup_stop(false)`;
      const info = [
        `host=${primary.hostname} port=${primary.port} user=${decodeURIComponent(primary.username)}`,
        `password=${decodeURIComponent(primary.password)}`,
      ].join(" ");
      await rm(join(dataDirectory, "postmaster.pid"), { force: true });
      await appendFile(join(dataDirectory, "postgresql.auto.conf"), `\nprimary_conninfo = '${info}'\n`);
      for (const [file, text] of [
        ["backup_label", stop?.label ?? ""],
        ["standby.signal", ""],
      ] as const) {
        await writeFile(join(dataDirectory, file), text);
        if (account !== undefined) await chown(join(dataDirectory, file), account.uid, account.gid);
      }
      const postgres = await readlink(`/proc/${pid}/exe`);
      const port = await findFreePort(directory);
      const launched = await launchServer({
        binaries: { postgres, initdb: join(postgres, "../initdb"), version: major, major },
        ...{ dataDirectory, port, account, durable: false, maxConnections: connections },
        logFile: join(directory, "server.log"),
      });
      if ("failed" in launched) throw new Error(`the standby does not start: ${launched.failed.join("\n")}`);
      return {
        urlOf: (one) => Object.assign(new URL(one), { hostname: "127.0.0.1", port: String(port) }),
        stop: () => removeServerFolder(directory),
      };
    } finally {
      session.release();
    }
  } catch (thrown) {
    await removeServerFolder(directory);
    throw thrown;
  }
}
