import { execFile } from "node:child_process";
import { readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "../../shell/find-executable.js";

const run = promisify(execFile);

/** A pg_dump that is installed. */
export type InstalledPgDump = { readonly path: string; readonly version: string; readonly major: number };

/** Folders that hold a folder for each version, and where in those the programs are. */
const VERSIONED: readonly (readonly [folder: string, matching: RegExp, programs: string])[] = [
  ["/usr/lib/postgresql", /^\d+$/, "bin"],
  ["/usr", /^pgsql-\d+$/, "bin"],
  ["/opt/homebrew/opt", /^(postgresql@\d+|libpq)$/, "bin"],
  ["/usr/local/opt", /^(postgresql@\d+|libpq)$/, "bin"],
];

/** Every pg_dump on the PATH and in the places where packages put theirs, each asked for its version. */
export async function findPgDumps(path: string | undefined): Promise<InstalledPgDump[]> {
  const versioned = await Promise.all(
    VERSIONED.map(async ([folder, matching, programs]) =>
      (await readdir(folder).catch(() => []))
        .filter((name) => matching.test(name))
        .map((name) => join(folder, name, programs)),
    ),
  );
  const folders = [...(path ?? "").split(delimiter), ...versioned.flat(), "/usr/local/pgsql/bin"];
  const programs = await Promise.all(
    [...new Set(folders)].map((folder) => findExecutable(["pg_dump"], folder)),
  );
  // /bin may be /usr/bin. The programs stay by their own names: Debian's is a wrapper that looks at what it is called by.
  const distinct = new Map<string, string>();
  for (const program of programs.flatMap((found) => found ?? []).reverse())
    distinct.set(await realpath(dirname(program)), program);
  const asked = await Promise.all([...distinct.values()].map(ask));
  return asked.flatMap((found) => found ?? []);
}

/** Debian's wrapper on the PATH has a version too: that of the newest client. One that does not run is none. */
async function ask(path: string): Promise<InstalledPgDump | undefined> {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: 10_000 });
    const version = /\(PostgreSQL\) (\d+)[^\s]*/.exec(stdout);
    if (version === null) return undefined;
    return { path, version: version[0].replace("(PostgreSQL) ", ""), major: Number(version[1]) };
  } catch {
    return undefined;
  }
}
