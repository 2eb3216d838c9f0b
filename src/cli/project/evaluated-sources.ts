import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { identifyPackage } from "../cache/engine-identity.js";
import { readScriptImports } from "./script-imports.js";

/** Everything that the evaluation of some scripts depended on. As long as all of it is so, they evaluate to the same. */
export type EvaluatedSources = {
  /** The scripts, absolute, with digests of their texts. */
  readonly files: readonly (readonly [path: string, digest: string])[];
  /** What would be imported in place of one of them, if it were there. */
  readonly absent: readonly string[];
  /** What is imported from packages, from where, with what stands for the file that is run. */
  readonly packages: readonly (readonly [specifier: string, from: string, identity: string])[];
  /** Environment variables, with digests of their values, which may be passwords; null where one is not set. */
  readonly variables: readonly (readonly [name: string, digest: string | null])[];
};

/** Packages whose functions depend on their arguments alone, as far as a schema or its configuration shows it. */
const PURE_PACKAGES: ReadonlySet<string> = new Set(["drizzle-orm", "drizzle-kit", "tenantry", "uuid", "zod"]);

/** They change what is loaded, whatever the scripts say. */
const LOADER_VARIABLES: readonly string[] = ["NODE_OPTIONS", "NODE_PATH"];

/**
 * Follows the imports of scripts.
 *
 * @param entries absolute paths.
 * @param before milliseconds since 1970: what was changed later may not be what was evaluated.
 * @returns undefined if a text cannot tell what it depends on: it asks for the time, reads a file, imports a package that
 * may do so, or imports what could be either of two files.
 */
export async function followSources(
  entries: readonly string[],
  variables: NodeJS.ProcessEnv,
  before: number,
): Promise<EvaluatedSources | undefined> {
  if (Object.keys(variables).some((name) => name.startsWith("JITI_"))) return undefined;
  const files = new Map<string, string>();
  const packages = new Map<string, readonly [specifier: string, from: string, identity: string]>();
  const names = new Set(LOADER_VARIABLES);
  const absent = new Set<string>();
  const waiting = [...entries];
  while (waiting.length > 0) {
    const path = waiting.pop() ?? "";
    if (files.has(path)) continue;
    if (/[\\/]node_modules[\\/]/.test(path)) return undefined;
    const text = await readUnchanged(path, before);
    const imports = text === undefined ? undefined : readScriptImports(text);
    if (text === undefined || imports === undefined) return undefined;
    files.set(path, digest(text));
    for (const name of imports.variables) names.add(name);
    for (const specifier of imports.specifiers) {
      if (specifier.startsWith(".")) {
        const candidates = candidatesOf(resolve(dirname(path), specifier));
        const there = await filterAsync(candidates, isFile);
        if (there.length !== 1) return undefined;
        waiting.push(...there);
        for (const candidate of candidates) if (!there.includes(candidate)) absent.add(candidate);
      } else {
        const identity = identifyImport(specifier, path);
        if (identity === undefined) return undefined;
        const folder = dirname(path);
        packages.set(JSON.stringify([specifier, folder]), [specifier, folder, identity]);
      }
    }
  }
  return {
    files: [...files],
    absent: [...absent],
    packages: [...packages.values()],
    variables: [...names].map((name) => [name, digestVariable(variables[name])]),
  };
}

/** True if everything is still so. */
export async function areUnchanged(
  sources: EvaluatedSources,
  variables: NodeJS.ProcessEnv,
): Promise<boolean> {
  if (Object.keys(variables).some((name) => name.startsWith("JITI_"))) return false;
  if (sources.variables.some(([name, known]) => digestVariable(variables[name]) !== known)) return false;
  try {
    const isOther = ([specifier, folder, identity]: (typeof sources.packages)[number]) =>
      identifyImport(specifier, join(folder, "script.js")) !== identity;
    if (sources.packages.some(isOther)) return false;
    const [texts, appeared] = await Promise.all([
      Promise.all(sources.files.map(async ([path, known]) => digest(await readFile(path, "utf8")) === known)),
      Promise.all(sources.absent.map(isFile)),
    ]);
    return texts.every(Boolean) && !appeared.some(Boolean);
  } catch {
    // A file that is gone is a change.
    return false;
  }
}

/** A script's text; undefined if it is not there, or was touched in the meantime. */
async function readUnchanged(path: string, before: number): Promise<string | undefined> {
  try {
    const text = await readFile(path, "utf8");
    // Behind a symbolic link, an import may mean a file beside the link or one beside its target.
    if ((await realpath(path)) !== path) return undefined;
    return (await stat(path)).ctimeMs < before ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Each file that `./name.js`, `./name` or `./folder` may mean. */
function candidatesOf(path: string): string[] {
  const stem = path.slice(0, path.length - extname(path).length);
  return [
    ...new Set([
      path,
      ...([".js", ".mjs", ".cjs"].includes(extname(path))
        ? [`${stem}.ts`, `${stem}.mts`, `${stem}.cts`, `${stem}.tsx`]
        : []),
      ...[".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"].flatMap((extension) => [
        `${path}${extension}`,
        `${path}/index${extension}`,
      ]),
    ]),
  ];
}

/**
 * Stands for what a script imports from a package: undefined if that is none of those that are known. Of tenantry itself
 * the main entry, in this very package, whose every line is part of the engine's identity.
 */
function identifyImport(specifier: string, from: string): string | undefined {
  const [name = ""] = specifier.split("/");
  if (!PURE_PACKAGES.has(name)) return undefined;
  try {
    const entry = createRequire(from).resolve(specifier);
    if (name === "tenantry" && (specifier !== name || rootOf(entry) !== rootOf(OWN_FILE))) return undefined;
    return `${entry} ${identifyPackage(entry)}`;
  } catch {
    return undefined;
  }
}

const OWN_FILE = fileURLToPath(import.meta.url);

/** The folder of the package that a file is in. */
function rootOf(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, "package.json"))) return folder;
  return file;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

async function filterAsync(paths: readonly string[], keep: (path: string) => Promise<boolean>) {
  const kept = await Promise.all(paths.map(keep));
  return paths.filter((_, index) => kept[index] === true);
}

function digestVariable(value: string | undefined): string | null {
  return value === undefined ? null : digest(value);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
