import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Repository } from "../../core/run-git.js";

/** What a project may need to be loaded and judged: scripts, data and SQL. */
export function isNeeded(path: string): boolean {
  return /\.(?:[mc]?[jt]sx?|json|sql)$/i.test(path);
}

/** Git's mode of a symbolic link. */
export const LINK_MODE = "120000";
/** Git's mode of a submodule. */
export const SUBMODULE_MODE = "160000";

/**
 * True if something is staged that a check may read: changed, new, renamed or deleted. It is told by the name alone. Which
 * files a schema reaches is known only once it has been loaded, and then it has been read.
 */
export async function isAnythingStaged(repository: Repository): Promise<boolean> {
  const fields = await list(repository, ["diff", "--cached", "--raw", "--no-renames", "-z"]);
  // Where git does not say, everything is looked at.
  if (fields === undefined) return true;
  // In turn `:<old mode> <new mode> <old id> <new id> <status>` and the path. Behind a link may lie anything.
  return fields.some((field, index) =>
    index % 2 === 1
      ? isNeeded(field)
      : field
          .slice(1)
          .split(" ", 2)
          .some((mode) => mode === LINK_MODE || mode === SUBMODULE_MODE),
  );
}

/** One entry of the index. */
export type IndexEntry = {
  readonly path: string;
  readonly mode: string;
  /** True if git was told not to look whether the file in the work tree has changed. */
  readonly isUnwatched: boolean;
  /** True if git was told to leave it out of the work tree, as a sparse checkout does. */
  readonly isLeftOut: boolean;
};

/** What the index has; empty if git cannot say. */
export async function listIndex(repository: Repository): Promise<IndexEntry[]> {
  const lines = (await list(repository, ["ls-files", "--cached", "--stage", "-v", "-z"])) ?? [];
  // `<tag> <mode> <id> <stage>`, a tab, then the path. The tag is H unless somebody has set a bit.
  return lines.map((line) => ({
    path: line.slice(line.indexOf("\t") + 1),
    mode: line.slice(2, 8),
    isUnwatched: !line.startsWith("H "),
    isLeftOut: /^s/i.test(line),
  }));
}

/** True if whoever reads the work tree reads what is staged: nothing is changed, missing, or there besides. */
export async function isWorkTreeStaged(repository: Repository): Promise<boolean> {
  const [changed, besides, entries] = await Promise.all([
    list(repository, ["-c", "core.fsmonitor=false", "diff-files", "--name-only", "-z"]),
    list(repository, ["ls-files", "--others", "--exclude-standard", "-z"]),
    listIndex(repository),
  ]);
  if (changed === undefined || besides === undefined || entries.length === 0) return false;
  const matters = new Set(entries.filter(({ mode }) => mode === LINK_MODE).map(({ path }) => path));
  return (
    entries.every(({ mode, isUnwatched }) => mode !== SUBMODULE_MODE && !isUnwatched) &&
    !changed.some((path) => isNeeded(path) || matters.has(path)) &&
    !(await Promise.all(besides.map((path) => mayBeRead(repository, path)))).some(Boolean)
  );
}

/** A file that is not staged. A folder is named as such where it is a repository of its own. */
async function mayBeRead({ root }: Repository, path: string): Promise<boolean> {
  if (isNeeded(path) || path.endsWith("/")) return true;
  return await lstat(join(root, path)).then(
    (found) => found.isSymbolicLink(),
    () => true,
  );
}

async function list({ git }: Repository, args: readonly string[]): Promise<string[] | undefined> {
  const listed = await git(args, { index: true });
  return listed
    ?.toString("utf8")
    .split("\0")
    .filter((each) => each !== "");
}
