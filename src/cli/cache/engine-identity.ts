import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { codeOf } from "../../core/errors.js";
import { readPackageVersion } from "../package-version.js";

/** Where everything lies that decides what is read from a schema, and found in SQL and in snapshots, below `src`. */
const JUDGES = ["core", "rls", "catalog", "isolation", "migrate", "cli/check", "cli/project"];

let known: string | undefined;

/** Stands for the rules themselves: this package's version, and every line of the code that judges. */
export function identifyEngine(): string {
  known ??= digestEngine();
  return known;
}

function digestEngine(): string {
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
      hash.update(`${path}\0`).update(readFileSync(path)).update("\0");
  }
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
  const { size, mtimeMs } = statSync(entry);
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const parsed = manifest.safeParse(readJson(join(folder, "package.json")));
    if (parsed.success) return `${parsed.data.name}@${parsed.data.version} ${size} ${mtimeMs}`;
  }
  return `${entry} ${size} ${mtimeMs}`;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
}
