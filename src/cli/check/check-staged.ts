import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Repository } from "../../core/run-git.js";
import { loadProject } from "../project.js";
import { folderOf, isInside, mayMatter, readFolders } from "./is-relevant.js";
import type { CheckReport, CheckRequest } from "./run-check.js";
import { runCheck } from "./run-check.js";
import { listStaged, withStagedCopy } from "./staged-copy.js";

/** What a check of the index needs. */
export type StagedRequest = Pick<CheckRequest, "base" | "servicePaths" | "squawk"> & {
  readonly repository: Repository;
  /** The project's folder in the work tree, without symbolic links. */
  readonly directory: string;
  readonly configPath: string;
};

/**
 * Checks what is staged, as git's index has it. drizzle-kit does not compare schema and migrations here: it would take
 * longer than all the rest.
 *
 * @returns undefined if nothing is staged that a check would read.
 */
export async function checkStaged(request: StagedRequest): Promise<CheckReport | undefined> {
  const { repository, directory, configPath, servicePaths, base, squawk } = request;
  const staged = (await listStaged(repository)).filter(mayMatter).map((path) => join(repository.root, path));
  if (staged.length === 0 || !(await someRelevant(staged, request))) return undefined;
  return await withStagedCopy(repository, directory, async (copy) =>
    runCheck({
      project: await loadProject(join(copy, basename(configPath))),
      repository: { of: repository, directory },
      base,
      servicePaths,
      squawk,
      compare: false,
    }),
  );
}

/** Where the configuration does not say it plainly, everything is looked at. */
async function someRelevant(staged: readonly string[], request: StagedRequest): Promise<boolean> {
  const { directory, configPath, servicePaths } = request;
  const folders = readFolders(await readFile(configPath, "utf8").catch(() => ""), directory);
  if (folders === undefined) return true;
  const all = [...folders, ...servicePaths.map((pattern) => join(directory, folderOf(pattern)))];
  return staged.some((path) => path === configPath || isInside(path, all));
}
