import { createHash } from "node:crypto";
import { chmod, chown, lchown, mkdir, readdir, realpath, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeOf } from "../../core/errors.js";
import type { EmbeddedOptions } from "./embedded-server.js";
import { runAs } from "./run-as.js";
import type { Account } from "./unprivileged-account.js";

/** Where everything of one embedded server is. All absolute, without symbolic links where they exist. */
export type Place = {
  readonly stateDirectory: string;
  /** The data, if the user that runs the server can enter the state directory. */
  readonly nearData: string;
  /** The data otherwise. */
  readonly farData: string;
  /** Where copies of the programs go. */
  readonly copies: string;
  readonly logFile: string;
};

const GITIGNORE = ".gitignore";
const SYSTEM_DIRECTORY = "/var/lib/tenantry";

/**
 * Where the server of these options keeps its things. Creates nothing.
 *
 * @example (await readPlace({ projectDirectory: "/srv/app" })).stateDirectory // "/srv/app/.tenantry"
 */
export async function readPlace(options: EmbeddedOptions): Promise<Place> {
  const wanted = resolve(options.projectDirectory, options.stateDirectory ?? ".tenantry");
  const stateDirectory = await realpath(wanted).catch(() => wanted);
  const systemDirectory = resolve(options.systemDirectory ?? SYSTEM_DIRECTORY);
  const id = createHash("sha256").update(stateDirectory).digest("hex").slice(0, 16);
  const isRoot = process.getuid?.() === 0;
  return {
    stateDirectory,
    nearData: join(stateDirectory, "data"),
    farData: join(systemDirectory, id, "data"),
    copies: join(isRoot ? systemDirectory : stateDirectory, "binaries"),
    logFile: join(stateDirectory, "server.log"),
  };
}

/**
 * Creates the state directory if it is missing, for `account` to enter: 0700 where it runs the server as its owner,
 * else 0711, which lets others pass through but not look. Git is told to ignore it, since it holds a password.
 * One that is still unused counts as missing: a start may have been killed before it was complete.
 *
 * @throws what the file system refuses.
 * @example await prepareStateDirectory("/srv/app/.tenantry", account)
 */
export async function prepareStateDirectory(
  stateDirectory: string,
  account: Account | undefined,
): Promise<void> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const names = await readdir(stateDirectory);
  if (names.some((name) => name !== GITIGNORE && !name.startsWith("lock."))) return;
  if (!names.includes(GITIGNORE)) await writeFile(join(stateDirectory, GITIGNORE), "*\n");
  if (account?.personal) {
    await lchown(join(stateDirectory, GITIGNORE), account.uid, account.gid);
    await chown(stateDirectory, account.uid, account.gid);
  } else if (account !== undefined) {
    await chmod(stateDirectory, ((await stat(stateDirectory)).mode & 0o777) | 0o711);
  }
}

/** The data directory that is there already, or undefined. An empty one counts as none. */
export async function findData(place: Place): Promise<string | undefined> {
  for (const directory of [place.nearData, place.farData]) {
    if (await holdsSomething(directory)) return directory;
  }
  return undefined;
}

/** True if it is a directory with at least one entry. */
export async function holdsSomething(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length > 0;
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return false;
    throw thrown;
  }
}

/** True if `account` can enter the directory, the whole way down to it. */
export async function canEnter(account: Account | undefined, directory: string): Promise<boolean> {
  if (account === undefined) return true;
  return (await runAs(account, "/bin/sh", ["-c", 'cd -- "$1"', "sh", directory])).status === 0;
}

/**
 * Where new data shall go: near if `account` can enter it there, else far. The directory around it exists then.
 *
 * @throws what the file system refuses.
 * @example await chooseData(await readPlace(options), account)
 */
export async function chooseData(place: Place, account: Account | undefined): Promise<string> {
  if (await canEnter(account, place.stateDirectory)) return place.nearData;
  const directory = resolve(place.farData, "..");
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await chmod(directory, 0o711);
  return place.farData;
}
