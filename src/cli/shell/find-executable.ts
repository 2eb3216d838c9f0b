import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/**
 * The first of these programs that is on a PATH, or undefined.
 *
 * @example await findExecutable(["redis-cli", "valkey-cli"], process.env.PATH) // "/usr/bin/redis-cli"
 */
export async function findExecutable(
  names: readonly string[],
  path: string | undefined,
): Promise<string | undefined> {
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "");
  const suffix = process.platform === "win32" ? ".exe" : "";
  for (const name of names) {
    for (const folder of folders) {
      const candidate = join(folder, `${name}${suffix}`);
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
