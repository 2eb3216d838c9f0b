import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { repository } from "./copy-project.js";
import { mustRun } from "./run-command.js";

const manifest = z.object({ devDependencies: z.record(z.string(), z.string()) });

/** Makes a project that has nothing but these packages: the tarball, and others in the versions that are used here. */
export async function createConsumer(
  directory: string,
  tarball: string,
  names: readonly string[],
): Promise<void> {
  await mkdir(directory);
  await writeFile(join(directory, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const { devDependencies } = manifest.parse(
    JSON.parse(await readFile(join(repository, "package.json"), "utf8")),
  );
  const packages = names.map((name) => `${name}@${devDependencies[name] ?? "not a dependency here"}`);
  const quickly = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await mustRun({ program: "npm", args: ["install", ...quickly, tarball, ...packages], cwd: directory });
}
