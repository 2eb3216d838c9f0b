import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "./copy-project.js";
import { mustRun } from "./run-command.js";

/** Copies an example as somebody would who begins with it, installs it with the tarball, and builds it. */
export async function createExample(name: string, directory: string, tarball: string): Promise<void> {
  await cp(join(repository, "examples", name), directory, { recursive: true });
  const quickly = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", "--omit=dev"];
  await mustRun({ program: "npm", args: ["install", ...quickly, tarball], cwd: directory });
  // The compiler and the types of Node.js are those of this project, which has them already.
  const typed = {
    extends: "./tsconfig.json",
    compilerOptions: { typeRoots: [join(repository, "node_modules/@types")] },
  };
  await writeFile(join(directory, "tsconfig.test.json"), JSON.stringify({ ...typed, include: ["src"] }));
  const compiler = join(repository, "node_modules/typescript/bin/tsc");
  await mustRun({ program: process.execPath, args: [compiler, "-p", "tsconfig.test.json"], cwd: directory });
}
