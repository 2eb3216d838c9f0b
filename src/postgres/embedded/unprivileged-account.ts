import { readFile, stat } from "node:fs/promises";
import { TenantryError } from "../../core/errors.js";

/** The user as whom the server runs when we are root, which PostgreSQL refuses to run as. */
export type Account = {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly home: string;
  /** True for the account of the person at work, who shall own `.tenantry`; false for `postgres` and `nobody`. */
  readonly personal: boolean;
};

/**
 * The user as whom the server shall run: ourselves (undefined) unless we are root. For root it is the owner of
 * the data if there is data, else whoever called sudo, else the project's owner, else `postgres`, else `nobody`.
 *
 * @throws TenantryError `server-failed` if root finds no such user, or if the data belongs to somebody else;
 * ENOENT if the project does not exist.
 * @example await chooseAccount("/srv/app", undefined)
 */
export async function chooseAccount(
  projectDirectory: string,
  dataDirectory: string | undefined,
): Promise<Account | undefined> {
  const { uid: owner } = await stat(projectDirectory);
  const ourselves = process.getuid?.();
  if (ourselves === undefined) return undefined;
  if (ourselves !== 0) {
    if (dataDirectory !== undefined) await refuseForeignData(dataDirectory, ourselves);
    return undefined;
  }
  const accounts = [...(await readAccounts()), ...sudoCaller()];
  const sudo = Number(process.env.SUDO_UID ?? "0");
  if (dataDirectory !== undefined) return ownerOf(dataDirectory, accounts, [sudo, owner]);

  const person = [sudo, owner].flatMap((uid) =>
    accounts.filter((account) => uid > 0 && account.uid === uid),
  )[0];
  if (person !== undefined) return { ...person, personal: true };
  const service = ["postgres", "_postgres", "nobody"].flatMap((name) =>
    accounts.filter((account) => account.name === name && account.uid > 0),
  )[0];
  if (service !== undefined) return service;
  throw new TenantryError({
    code: "server-failed",
    message: `PostgreSQL does not run as root, and this system has no user "postgres" or "nobody" to run it as.`,
    hint: "Run the command as an ordinary user, or set DATABASE_URL to a server of your own.",
  });
}

async function ownerOf(
  dataDirectory: string,
  accounts: readonly Account[],
  people: readonly number[],
): Promise<Account> {
  const { uid, gid } = await stat(dataDirectory);
  if (uid === 0) {
    throw new TenantryError({
      code: "server-failed",
      message: `The data directory ${dataDirectory} belongs to root, and PostgreSQL does not run as root.`,
      hint: `Give it to the user that shall run the server (\`chown -R postgres '${dataDirectory}'\`), then run \`tenantry start\` again.`,
    });
  }
  const known = accounts.find((account) => account.uid === uid);
  return {
    name: known?.name ?? String(uid),
    home: known?.home ?? "/",
    uid,
    gid,
    personal: people.includes(uid),
  };
}

async function refuseForeignData(dataDirectory: string, ourselves: number): Promise<void> {
  const { uid } = await stat(dataDirectory);
  if (uid === ourselves) return;
  throw new TenantryError({
    code: "server-failed",
    message: `The data directory ${dataDirectory} belongs to another user (uid ${uid}).`,
    hint: "Run `tenantry start` as that user or as root, or use another state directory.",
  });
}

/** Whoever called sudo, from what sudo says: directory services keep people out of /etc/passwd. */
function sudoCaller(): Account[] {
  const { SUDO_UID, SUDO_GID, SUDO_USER } = process.env;
  const [uid, gid] = [Number(SUDO_UID ?? "0"), Number(SUDO_GID ?? "0")];
  if (!(uid > 0 && gid > 0)) return [];
  return [{ uid, gid, name: SUDO_USER ?? String(uid), home: "/", personal: true }];
}

async function readAccounts(): Promise<Account[]> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  return passwd.split("\n").flatMap((line) => {
    const [name, , uid, gid, , home] = line.split(":");
    if (name === undefined || name === "" || uid === undefined || gid === undefined) return [];
    // macOS writes nobody as -2.
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0, home: home || "/", personal: false }];
  });
}
