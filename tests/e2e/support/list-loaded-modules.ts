import { mustRun } from "./run-command.js";

/** What Node.js loads for an import: packages, and the folders of this package's own build. */
export type LoadedModules = { readonly packages: readonly string[]; readonly layers: readonly string[] };

/** Tells of each module that is imported, and at the end of each that was required. */
const HOOKS = `
export const load = async (url, context, next) => {
  process._rawDebug("loaded " + url);
  return next(url, context);
};`;
const register = (project: string) => `
import { createRequire, register } from "node:module";
register("data:text/javascript," + encodeURIComponent(${JSON.stringify(HOOKS)}));
const { cache } = createRequire(${JSON.stringify(`${project}/x.js`)});
process.on("exit", () => Object.keys(cache).forEach((path) => process._rawDebug("loaded " + path)));`;

/** Imports an entry in a project in which it is installed, and lists what that loads. */
export async function listLoadedModules(project: string, entry: string): Promise<LoadedModules> {
  const hooks = `data:text/javascript,${encodeURIComponent(register(project))}`;
  const args = ["--import", hooks, "--input-type=module", "--eval", `await import(${JSON.stringify(entry)})`];
  const { stderr } = await mustRun({ program: process.execPath, args, cwd: project });
  const paths = [...stderr.matchAll(/^loaded (?:file:\/\/)?(\/.*)$/gm)].map(([, path = ""]) => path);
  if (paths.length === 0) throw new Error(`nothing was loaded:\n${stderr}`);
  const packages = new Set<string>();
  const layers = new Set<string>();
  for (const path of paths) {
    const [, name = "", inside = ""] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(path) ?? [];
    if (name !== "" && name !== "tenantry") packages.add(name);
    const layer = /^dist\/(?:src\/([^/]+)\/|(schema|codegen)\/)/.exec(inside);
    if (name === "tenantry" && layer !== null) layers.add(layer[1] ?? layer[2] ?? "");
  }
  return { packages: [...packages].sort(), layers: [...layers].sort() };
}
