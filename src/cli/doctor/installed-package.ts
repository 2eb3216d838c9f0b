import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

/** A package as it is installed. */
export type InstalledPackage = {
  readonly version: string;
  /** Without symbolic links. */
  readonly directory: string;
};

const manifest = z.object({ version: z.string() });

/**
 * The package of this name that a module in a folder would get, or undefined. Its files are looked for: what a package
 * exports may leave its package.json out.
 */
export async function findInstalledPackage(
  folder: string,
  name: string,
): Promise<InstalledPackage | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const directory = join(at, "node_modules", name);
    const text = await readFile(join(directory, "package.json"), "utf8").catch(() => undefined);
    if (text !== undefined)
      return { version: manifest.parse(JSON.parse(text)).version, directory: await realpath(directory) };
    if (at === dirname(at)) return undefined;
  }
}
