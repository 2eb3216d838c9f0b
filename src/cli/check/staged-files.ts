import { createHash } from "node:crypto";
import { lstat, mkdir, mkdtemp, readdir, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Repository } from "../../core/run-git.js";
import type { IndexEntry } from "./staged-state.js";
import { isNeeded, isWorkTreeStaged, LINK_MODE, listIndex, SUBMODULE_MODE } from "./staged-state.js";

/**
 * Where what is staged can be read, while `fn` runs: the work tree itself if it is the same, which it is after
 * `git add --all`, and else a copy. If a file is saved meanwhile, `fn` runs once more, in a copy.
 *
 * @param directory the project's folder in the work tree.
 * @param fn gets the project's folder.
 * @throws TenantryError `argument-invalid` if git cannot write the copy.
 */
export async function withStagedFiles<Result>(
  repository: Repository,
  directory: string,
  fn: (folder: string) => Promise<Result>,
): Promise<Result> {
  if (await isWorkTreeStaged(repository)) {
    const inPlace = await Promise.allSettled([fn(directory)]);
    if (await isWorkTreeStaged(repository)) {
      const [outcome] = inPlace;
      if (outcome.status === "fulfilled") return outcome.value;
      throw outcome.reason;
    }
  }
  return await withStagedCopy(repository, directory, fn);
}

/**
 * Writes what is staged, and not the work tree, into a folder of its own while `fn` runs. What git ignores in the project
 * (`node_modules`, builds) is linked there.
 *
 * @param directory the project's folder in the work tree.
 * @param fn gets the project's folder in the copy.
 * @throws TenantryError `argument-invalid` if git cannot write it.
 */
async function withStagedCopy<Result>(
  repository: Repository,
  directory: string,
  fn: (copy: string) => Promise<Result>,
): Promise<Result> {
  const root = await makeFolder(directory);
  try {
    const files = (await listIndex(repository)).filter(isWanted);
    const sparse = files.some(({ isLeftOut }) => isLeftOut) ? ["--ignore-skip-worktree-bits"] : [];
    const written = await repository.git(
      ["checkout-index", ...sparse, "--force", "--stdin", "-z", `--prefix=${root}/`],
      {
        index: true,
        input: files.map(({ path }) => `${path}\0`).join(""),
      },
    );
    if (written === undefined) {
      throw new TenantryError({
        code: "argument-invalid",
        message: "git could not write out what is staged.",
        hint: "Finish the merge or resolve the conflicts in the index, then commit again.",
      });
    }
    const inside = relative(repository.root, directory);
    await linkIgnored(repository, directory, join(root, inside));
    await linkModulesAbove(repository.root, dirname(directory), root);
    return await fn(join(root, inside));
  } finally {
    // Links are removed, and not what they lead to.
    await rm(root, { recursive: true, force: true });
  }
}

/** A link may stand for a folder that is read. A submodule is no file. */
function isWanted({ path, mode }: IndexEntry): boolean {
  return mode !== SUBMODULE_MODE && (isNeeded(path) || mode === LINK_MODE);
}

const STALE_MILLISECONDS = 60 * 60 * 1000;

/**
 * The same folder each time, if nobody else is using it: what loads TypeScript keeps what it has compiled by its path,
 * and the second commit is twice as fast as the first.
 */
async function makeFolder(directory: string): Promise<string> {
  const temporary = await realpath(tmpdir());
  const name = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const usual = join(temporary, `tenantry-staged-${name}`);
  const found = await lstat(usual).catch(() => undefined);
  const stale = found !== undefined && Date.now() - found.mtimeMs > STALE_MILLISECONDS;
  if (stale && found.isDirectory() && found.uid === process.getuid?.()) {
    await rm(usual, { recursive: true, force: true });
  }
  const made = await mkdir(usual, { mode: 0o700 }).then(
    () => true,
    () => false,
  );
  return made ? usual : await mkdtemp(join(temporary, "tenantry-staged-"));
}

async function linkIgnored(repository: Repository, from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const there = new Set(await readdir(to));
  const names = (await readdir(from)).filter((name) => !there.has(name) && name !== ".git");
  const input = names.map((name) => `${join(relative(repository.root, from), name)}\0`).join("");
  const ignored = await repository.git(["check-ignore", "--stdin", "-z"], { input });
  const paths =
    ignored
      ?.toString("utf8")
      .split("\0")
      .filter((path) => path !== "") ?? [];
  const links = new Set(paths.map((path) => path.split("/").at(-1) ?? ""));
  // It is needed whether git ignores it or not.
  if (names.includes("node_modules")) links.add("node_modules");
  await Promise.all([...links].map((name) => symlink(join(from, name), join(to, name))));
}

/** A workspace keeps its packages in the folders above. */
async function linkModulesAbove(top: string, folder: string, root: string): Promise<void> {
  const inside = relative(top, folder);
  if (inside.startsWith("..")) return;
  const modules = join(folder, "node_modules");
  const link = join(root, inside, "node_modules");
  if ((await exists(modules)) && !(await exists(link))) await symlink(modules, link);
  if (inside !== "") await linkModulesAbove(top, dirname(folder), root);
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
