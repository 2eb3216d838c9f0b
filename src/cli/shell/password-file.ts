import { readdirSync, rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, TenantryError } from "../../core/errors.js";

const PREFIX = "tenantry-psql-";

/** Which servers a password is for, in the words of libpq's password file. */
export type PasswordEntry = {
  readonly hosts: readonly string[];
  readonly port: string;
  /** Undefined: whoever logs in there. */
  readonly user: string | undefined;
  readonly password: string;
};

/**
 * Keeps a password in a file (0600, in a folder of its own, 0700) while a function runs, then removes it: at its end, at
 * an error, and when the process exits by a signal it handles. What a `kill -9` leaves is removed by the next call.
 *
 * @throws TenantryError `argument-invalid` if the password cannot stand in such a file, `disk`; and whatever the
 * function throws.
 * @example await withPasswordFile(entry, (path) => runPsql({ PGPASSFILE: path }));
 */
export async function withPasswordFile<T>(
  entry: PasswordEntry,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const text = formatPasswordFile(entry);
  removeForgotten();
  const directory = await makeDirectory();
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.on("exit", remove);
  try {
    const path = join(directory, "pgpass");
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return await use(path);
  } finally {
    remove();
    process.off("exit", remove);
  }
}

/**
 * The text of a password file: one line for each host.
 *
 * @throws TenantryError `argument-invalid` if the password has a line break.
 * @example formatPasswordFile({ hosts: ["::1"], port: "5432", user: "me", password: "a:b" }) // "\\:\\:1:5432:*:me:a\\:b\n"
 */
export function formatPasswordFile({ hosts, port, user, password }: PasswordEntry): string {
  if (/[\r\n]/.test(password)) {
    throw new TenantryError({
      code: "argument-invalid",
      message: `The password of ${user ?? "the login"} has a line break, which psql's password file cannot hold.`,
      hint: "Give the login another password, or run the command again with --builtin.",
    });
  }
  const escaped = (part: string) => part.replace(/[\\:]/g, "\\$&");
  return hosts
    .map((host) => [
      escaped(host),
      escaped(port),
      "*",
      user === undefined ? "*" : escaped(user),
      escaped(password),
    ])
    .map((fields) => `${fields.join(":")}\n`)
    .join("");
}

async function makeDirectory(): Promise<string> {
  try {
    // The process id is in the name, so that a later call can tell whether anybody still needs it.
    return await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  } catch (thrown) {
    throw new TenantryError({
      code: "disk",
      message: `No password file for psql could be made in ${tmpdir()} (${codeOf(thrown)}).`,
      hint: "Make room, point TMPDIR at a folder that can be written to, or use --builtin.",
      cause: thrown,
    });
  }
}

/** Whose process is gone. Another user's folders cannot be removed by us, and are theirs to remove. */
function removeForgotten(): void {
  try {
    for (const name of readdirSync(tmpdir())) {
      const owner = /^tenantry-psql-(\d+)-/.exec(name)?.[1];
      if (owner !== undefined && !isAlive(Number(owner)))
        rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  } catch {
    // Tidying up must not keep anybody from working.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) !== "ESRCH";
  }
}
