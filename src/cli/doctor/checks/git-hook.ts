import { access, constants, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { findRepository, type Repository } from "../../../core/run-git.js";
import type { Check } from "../check.js";
import { ok, skipped, warning } from "../check.js";

/** Where tools that run hooks are told which. */
const HOOK_FILES = [
  ".husky/pre-commit",
  "lefthook.yml",
  "lefthook.yaml",
  ".lefthook.yml",
  ".pre-commit-config.yaml",
] as const;

/** A hook of the repository's own, to be switched on by each clone. */
const OWN_HOOKS = ".githooks";

/** git runs `tenantry check` before each commit. */
export const gitHookCheck: Check = {
  id: "git-hook",
  group: "The project",
  run: async ({ context }) => {
    const repository = await findRepository(context.directory, context.variables);
    if (repository === undefined) return skipped("not in a git repository, or git is not installed");
    const folder = await hooksFolder(repository);
    const installed = join(folder, "pre-commit");
    const text = await read(installed);
    const own = await read(join(repository.root, OWN_HOOKS, "pre-commit"));
    const fix =
      own !== undefined && mentions(own)
        ? `git config core.hooksPath ${OWN_HOOKS}`
        : "Add a hook as the README shows (Before each commit).";
    if (text === undefined) return warning("no pre-commit hook: nothing is checked before a commit", fix);
    if (!(await isExecutable(installed)))
      return warning(`${installed} is not executable, so git leaves it out`, `chmod +x ${installed}`);
    const told = await Promise.all(HOOK_FILES.map((file) => read(join(repository.root, file))));
    if ([text, ...told].some((each) => each !== undefined && mentions(each))) return ok(installed);
    return warning(`${installed} does not run tenantry`, fix);
  },
};

async function hooksFolder({ root, git }: Repository): Promise<string> {
  const path = (await git(["rev-parse", "--git-path", "hooks"]))?.toString("utf8").trim();
  return resolve(root, path === undefined || path === "" ? ".git/hooks" : path);
}

function mentions(text: string): boolean {
  return /\btenantry\b/.test(text);
}

async function read(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
