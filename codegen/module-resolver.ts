import { existsSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";

const EXTENSIONS = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs"];

/** Finds the file that a relative import means; undefined for a package, or a file that is not there. */
export type ModuleResolver = (from: string, module: string) => string | undefined;

/** True for `./a.js` and `../a.js`. */
export function isRelative(module: string): boolean {
  return /^\.\.?(\/|$)/.test(module);
}

/** Looks each file up once. `./a.js` is often written for `./a.ts`, and extensions are left out. */
export function createModuleResolver(): ModuleResolver {
  const known = new Map<string, string | undefined>();
  return (from, module) => {
    if (!isRelative(module)) return undefined;
    const path = resolve(dirname(from), module);
    if (!known.has(path)) known.set(path, find(path));
    return known.get(path);
  };
}

function find(path: string): string | undefined {
  const candidates = [
    ...(/\.[cm]?js$/.test(path) ? [path.replace(/js$/, "ts"), path.replace(/js$/, "tsx")] : []),
    ...(EXTENSIONS.includes(extname(path)) ? [path] : []),
    ...EXTENSIONS.map((end) => `${path}${end}`),
    ...EXTENSIONS.map((end) => `${path}/index${end}`),
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  return found?.endsWith(".d.ts") === true ? undefined : found;
}
