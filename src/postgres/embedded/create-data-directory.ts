import { chmod, chown, mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Binaries } from "./binaries.js";
import { diskErrorFromOutput } from "./disk-error.js";
import { type Ended, runAs } from "./run-as.js";
import type { Account } from "./unprivileged-account.js";

const SCRATCH = "init-";

/**
 * Creates a database cluster, whole or not at all: initdb fills a scratch directory, which then gets its real name.
 *
 * UTF-8, the built-in C.UTF-8 locale (the same order on every system, and letters beyond ASCII have upper case),
 * UTC, and scram-sha-256 for everybody. The password goes through a file, never through a command line.
 *
 * @param parts.dataDirectory must not exist or be empty; the directory above it exists.
 * @throws TenantryError `disk`, `interrupted` or `server-failed`, with the end of what initdb said.
 * @example await createDataDirectory({ binaries, dataDirectory, account, password, durable: true })
 */
export async function createDataDirectory(parts: {
  readonly binaries: Binaries;
  readonly dataDirectory: string;
  readonly account: Account | undefined;
  readonly password: string;
  readonly durable: boolean;
}): Promise<void> {
  const { account, dataDirectory } = parts;
  const place = dirname(dataDirectory);
  const scratch = await mkdtemp(join(place, SCRATCH));
  try {
    const [data, passwordFile] = [join(scratch, "data"), join(scratch, "password")];
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, parts.password, { flag: "wx", mode: 0o600 });
    if (account !== undefined) {
      await chown(data, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
      await chmod(scratch, 0o711);
    }
    const args = [
      ...["-D", data, "-U", "postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"],
      ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
      ...["-c", "timezone=UTC", "-c", "log_timezone=UTC"],
      ...(parts.durable ? [] : ["--no-sync"]),
    ];
    const ended = await runAs(account, parts.binaries.initdb, args);
    if (ended.status !== 0) throw initFailed(dataDirectory, ended);
    await rename(data, dataDirectory);
    if (parts.durable) await syncDirectory(place);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Removes what a killed {@link createDataDirectory} left in this directory. Call it only under the lock. */
export async function removeUnfinishedData(place: string): Promise<void> {
  const names = await readdir(place).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(SCRATCH))) {
    // An orphaned initdb may still be writing there; what it manages to save goes at the next start.
    await rm(join(place, name), { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}

async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return; // Directories cannot be opened there.
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function initFailed(dataDirectory: string, ended: Ended): TenantryError {
  const details = ended.output.slice(-10);
  const place = dirname(dataDirectory);
  if (ended.signal !== null) {
    return new TenantryError({
      code: "interrupted",
      message: `Creating the embedded server's data in ${place} was interrupted (${ended.signal}).`,
      hint: "Run `tenantry start` again; nothing is left of the attempt.",
    });
  }
  return (
    diskErrorFromOutput(details, place) ??
    new TenantryError({
      code: "server-failed",
      message: `The embedded server's data could not be created in ${place}.`,
      hint: "Solve what initdb says, then run `tenantry start` again.",
      details,
    })
  );
}
