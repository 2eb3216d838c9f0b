import { existsSync } from "node:fs";
import { cp, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mustRun } from "./run-command.js";

/** This project. */
export const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** Copies what git tracks, or would track with the next `git add`: what a clone would hold. */
export async function copyProject(to: string): Promise<void> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const { stdout } = await mustRun({ program: "git", args, cwd: repository });
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(repository, file)));
  for (const file of files) {
    await mkdir(dirname(join(to, file)), { recursive: true });
    await cp(join(repository, file), join(to, file));
  }
}

/** The same, with this project's dependencies and built: it does not depend on how new `dist/` is here. */
export async function copyBuiltProject(to: string): Promise<void> {
  await copyProject(to);
  await symlink(join(repository, "node_modules"), join(to, "node_modules"));
  await mustRun({ program: "npm", args: ["run", "-s", "build"], cwd: to });
}
