import { execFile } from "node:child_process";
import { resolve } from "node:path";

/** A git repository that a folder lies in. */
export type Repository = {
  /** The top folder of the work tree. */
  readonly root: string;
  /** Runs git there and gives its output as bytes, or undefined if it fails or is not installed. */
  readonly git: (args: readonly string[], options?: GitOptions) => Promise<Buffer | undefined>;
};

/** What one call of git needs. */
export type GitOptions = {
  readonly input?: string;
  /** True to use the index that a commit is being made from, which `git commit FILE` keeps in a file of its own. */
  readonly index?: boolean;
};

/** Finds the repository of a folder; undefined outside of one, or without git. */
export async function findRepository(
  folder: string,
  variables: NodeJS.ProcessEnv,
): Promise<Repository | undefined> {
  // Inside a hook these name the repository of the commit, relative to its top folder.
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE, GIT_PREFIX: ___, ...outside } = variables;
  const top = await run(folder, ["rev-parse", "--show-toplevel"], outside, undefined);
  const root = top?.toString("utf8").trim();
  if (root === undefined || root === "") return undefined;
  const inside =
    GIT_INDEX_FILE === undefined ? outside : { ...outside, GIT_INDEX_FILE: resolve(root, GIT_INDEX_FILE) };
  return {
    root,
    git: (args, { input, index } = {}) => run(root, args, index === true ? inside : outside, input),
  };
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

function run(
  cwd: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string | undefined,
): Promise<Buffer | undefined> {
  return new Promise((settle) => {
    const child = execFile(
      "git",
      ["-c", "core.quotepath=off", ...args],
      { cwd, env: { ...env, GIT_OPTIONAL_LOCKS: "0" }, encoding: "buffer", maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout) => settle(error === null ? stdout : undefined),
    );
    // git may end before it has read everything.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}
