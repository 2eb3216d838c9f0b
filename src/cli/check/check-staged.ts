import { basename, join } from "node:path";
import type { Repository } from "../../core/run-git.js";
import { loadProject } from "../project/project.js";
import type { CheckReport, CheckRequest } from "./run-check.js";
import { withStagedFiles } from "./staged-files.js";
import { isAnythingStaged } from "./staged-state.js";

/** What a check of the index needs. */
export type StagedRequest = Pick<CheckRequest, "base" | "servicePaths" | "squawk"> & {
  readonly repository: Repository;
  /** The project's folder in the work tree, without symbolic links. */
  readonly directory: string;
  readonly configPath: string;
};

/**
 * Checks what is staged, as git's index has it. drizzle-kit does not compare schema and migrations here: it would take
 * longer than all the rest, and what it finds is a warning.
 *
 * @returns undefined if nothing is staged that a check would read.
 */
export async function checkStaged(request: StagedRequest): Promise<CheckReport | undefined> {
  const { repository, directory, configPath, servicePaths, base, squawk } = request;
  if (!(await isAnythingStaged(repository))) return undefined;
  const loaded = loadCheck();
  // Whoever awaits it is told; until then git may have failed, and that is told instead.
  loaded.catch(() => {});
  return await withStagedFiles(repository, directory, async (folder) => {
    const runCheck = await loaded;
    return await runCheck({
      project: await loadProject(join(folder, basename(configPath))),
      repository: { of: repository, directory },
      base,
      servicePaths,
      squawk,
      compare: false,
    });
  });
}

/** Loads what the check needs, TypeScript's parser among it, while git writes out the files. */
async function loadCheck() {
  const [{ runCheck }, { loadSyntax }] = await Promise.all([
    import("./run-check.js"),
    import("../../../codegen/syntax.js"),
  ]);
  loadSyntax();
  return runCheck;
}
