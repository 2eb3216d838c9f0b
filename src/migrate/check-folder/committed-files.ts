import { createHash } from "node:crypto";
import { join, relative, sep } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Repository } from "../../core/run-git.js";

/** Files of the migrations folder as git has them: object ids by path, relative to the folder. */
type Tree = ReadonlyMap<string, string>;

/** The migrations that git has. */
export type CommittedFiles = {
  /** Where the branch left the main one: what is there has been merged, and databases may have run it. */
  readonly merged: Tree;
  /** In the commit that is checked out. */
  readonly head: Tree;
};

/** Main branches, the remote's before our own. */
const MAIN_BRANCHES = [
  "refs/remotes/origin/HEAD",
  "refs/remotes/origin/main",
  "refs/remotes/origin/master",
  "refs/heads/main",
  "refs/heads/master",
];

/**
 * Reads which migrations git has.
 *
 * @param base a commit or branch in place of the main branch.
 * @returns undefined if nothing is committed, or if a shallow clone does not reach back to the main branch.
 * @throws TenantryError `argument-invalid` if git does not know `base`.
 */
export async function readCommittedFiles(
  repository: Repository,
  folder: string,
  base: string | undefined,
): Promise<CommittedFiles | undefined> {
  const path = relative(repository.root, folder).split(sep).join("/");
  const commit = await findBase(repository, base);
  if (commit === undefined) return undefined;
  const [merged, head] = await Promise.all([
    readTree(repository, commit, path),
    readTree(repository, "HEAD", path),
  ]);
  return { merged, head };
}

/** The id that git would give a text; lines may end otherwise in the work tree. */
export function hasObjectId(text: string, id: string): boolean {
  const algorithm = id.length === 64 ? "sha256" : "sha1";
  return [text, text.replaceAll("\r\n", "\n")].some((content) => {
    const bytes = Buffer.from(content, "utf8");
    return createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest("hex") === id;
  });
}

async function findBase({ git }: Repository, base: string | undefined): Promise<string | undefined> {
  const ask = async (...args: string[]) => (await git(args))?.toString("utf8").trim();
  if (base !== undefined) {
    const commit = await ask("merge-base", "HEAD", "--end-of-options", base);
    if (commit !== undefined && commit !== "") return commit;
    throw new TenantryError({
      code: "argument-invalid",
      message: `git finds no commit that HEAD and ${base} have in common.`,
      hint: "Name a branch or commit that is there; in CI fetch the whole history (fetch-depth: 0).",
    });
  }
  const found = (await ask("for-each-ref", "--format=%(refname)", ...MAIN_BRANCHES))?.split("\n") ?? [];
  const main = MAIN_BRANCHES.find((branch) => found.includes(branch));
  const commit = main === undefined ? undefined : await ask("merge-base", "HEAD", main);
  if (commit !== undefined && commit !== "") return commit;
  // A shallow clone that cannot tell where the branch began: then nothing counts as merged.
  if ((await ask("rev-parse", "--is-shallow-repository")) === "true") return undefined;
  return await ask("rev-parse", "--verify", "--quiet", "HEAD");
}

async function readTree({ git }: Repository, commit: string, path: string): Promise<Tree> {
  const listed =
    (await git(["ls-tree", "-r", "-z", commit, "--", `${path === "" ? "." : path}`]))?.toString("utf8") ?? "";
  return new Map(
    listed.split("\0").flatMap((line): [string, string][] => {
      const [meta = "", file = ""] = line.split("\t");
      const id = meta.split(" ")[2];
      return id === undefined ? [] : [[relative(join("/", path), join("/", file)).split(sep).join("/"), id]];
    }),
  );
}
