import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { codeOf } from "../../core/errors.js";
import { readPackageVersion } from "../package-version.js";

/** Where everything lies that decides what is read from a schema, and found in SQL and in snapshots, below `src`. */
const JUDGES = ["core", "rls", "catalog", "isolation", "migrate", "cli"];

let known: string | undefined;

/**
 * Stands for the rules themselves: this package's version, and every file of the code that judges, by name, size and time.
 * As it is built, the command's files have a digest of what is in them in their names: two builds differ, also where
 * an installation gives all files one time.
 */
export function identifyEngine(): string {
  known ??= digestEngine();
  return known;
}

function digestEngine(): string {
  // Both from its sources and as it is built, where it is `cli/chunks/engine-identity-….js`.
  const src = fileURLToPath(new URL("../..", import.meta.url));
  const hash = createHash("sha256").update(`${readPackageVersion()} ${process.version} ${process.arch}\0`);
  for (const folder of JUDGES) addFolder(hash, join(src, folder));
  return hash.digest("hex");
}

function addFolder(hash: ReturnType<typeof createHash>, folder: string): void {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, path);
    // Run from its sources, as tests do, it has no .js.
    else if (/\.[jt]s$/.test(entry.name) && !entry.name.endsWith(".d.ts"))
      hash.update(`${describeFile(path)}\0`);
  }
}

function describeFile(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${path} ${size} ${mtimeMs}`;
}

/** Stands for the SQL parser. */
export function identifyParser(): string {
  return identifyPackage(createRequire(import.meta.url).resolve("libpg-query"));
}

const manifest = z.object({ name: z.string(), version: z.string() });

/**
 * Stands for an installed package: its name and version, and size and time of the file that is run, which somebody may
 * have patched.
 *
 * @param entry a file of the package, absolute.
 */
export function identifyPackage(entry: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const parsed = manifest.safeParse(readJson(join(folder, "package.json")));
    if (parsed.success) return `${parsed.data.name}@${parsed.data.version} ${describeFile(entry)}`;
  }
  return describeFile(entry);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
}
