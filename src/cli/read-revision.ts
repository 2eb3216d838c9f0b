import { findRepository } from "../core/run-git.js";
import type { Context } from "./context.js";
import type { Project } from "./project/project.js";

/** The commit that a project is at. */
export type Revision = {
  readonly revision: string;
  /** Whether something in the project's folder is not as that commit has it. */
  readonly isChanged: () => Promise<boolean>;
};

/** Asks git; undefined outside of a repository, without a commit, or without git. */
export async function readRevision(context: Context, project: Project): Promise<Revision | undefined> {
  const repository = await findRepository(project.directory, context.variables);
  const revision = (await repository?.git(["rev-parse", "HEAD"]))?.toString("utf8").trim();
  if (repository === undefined || revision === undefined) return undefined;
  const isChanged = async () =>
    (await repository.git(["status", "--porcelain", "--", project.directory]))?.toString("utf8").trim() !==
    "";
  return { revision, isChanged };
}
