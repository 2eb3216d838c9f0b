import { readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withStagedFiles } from "../../src/cli/check/staged-files.js";
import { findRepository } from "../../src/core/run-git.js";
import type { GitProject } from "../fixtures/check/git-project.js";
import { makeGitProject } from "../fixtures/check/git-project.js";

const FILE = "schema/documents.ts";

async function open(project: GitProject) {
  const repository = await findRepository(project.directory, process.env);
  if (repository === undefined) throw new Error("not a repository");
  return repository;
}

/** Every folder in which the staged files were looked at, and what the file was there. */
async function look(project: GitProject, meanwhile: () => Promise<void> = async () => {}) {
  const seen: { readonly inPlace: boolean; readonly text: string }[] = [];
  await withStagedFiles(await open(project), project.directory, async (folder) => {
    seen.push({
      inPlace: folder === project.directory,
      text: await readFile(join(folder, FILE), "utf8"),
    });
    await meanwhile();
  });
  return seen;
}

describe("what is staged", () => {
  it("is read where it is, if nothing else is there", async () => {
    const project = await makeGitProject();
    await project.write(FILE, "// staged\n");
    await project.git("add", "--all");
    await project.write("notes.txt", "not staged, and nothing that is loaded");
    expect(await look(project)).toEqual([{ inPlace: true, text: "// staged\n" }]);
  });

  it.each<[string, (project: GitProject) => Promise<unknown>]>([
    ["a file has changed since", (project) => project.write(FILE, "// not staged\n")],
    ["a file is there besides", (project) => project.write("schema/more.ts", "")],
    ["a link is there besides", (project) => symlink("schema", join(project.directory, "tables"))],
    ["another file is gone", (project) => rm(join(project.directory, "schema/creators.ts"))],
    [
      "git was told to look away",
      async (project) => {
        await project.git("update-index", "--assume-unchanged", FILE);
        await project.write(FILE, "// not staged\n");
      },
    ],
    [
      "git was told to leave it out",
      async (project) => {
        await project.git("update-index", "--skip-worktree", FILE);
        await project.write(FILE, "// not staged\n");
      },
    ],
    [
      "it is only meant to be added",
      async (project) => {
        await project.write("schema/later.ts", "// later\n");
        await project.git("add", "--intent-to-add", "schema/later.ts");
      },
    ],
  ])("is copied where %s", async (_, change) => {
    const project = await makeGitProject();
    await project.write(FILE, "// staged\n");
    await project.git("add", "--all");
    await change(project);
    expect(await look(project)).toEqual([{ inPlace: false, text: "// staged\n" }]);
  });

  it("is looked at again, in a copy, if a file is saved meanwhile", async () => {
    const project = await makeGitProject();
    await project.write(FILE, "// staged\n");
    await project.git("add", "--all");
    const save = () => writeFile(join(project.directory, FILE), "// saved\n");
    expect(await look(project, save)).toEqual([
      { inPlace: true, text: "// staged\n" },
      { inPlace: false, text: "// staged\n" },
    ]);
  });

  it("fails as what looks at it fails", async () => {
    const project = await makeGitProject();
    const fail = async () => {
      throw new Error("no such thing");
    };
    await expect(withStagedFiles(await open(project), project.directory, fail)).rejects.toThrow(
      "no such thing",
    );
  });
});
