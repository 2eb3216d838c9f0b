import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { checkCode } from "../../../codegen/check-code.js";
import type { Finding } from "../../../src/core/finding.js";
import type { Plant } from "../mutant.js";
import type { BaseProject } from "../projects.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const options = { interopDefault: false, fsCache: false, alias: { tenantry: join(root, "src/index.ts") } };
const transformer = createJiti(import.meta.url, options);
const transformed = new Map<string, string>();

/** Most files of a copy are those of the copy before. */
const jiti = createJiti(import.meta.url, {
  ...options,
  transform: (asked) => {
    const key = `${asked.async} ${asked.source}`;
    const code = transformed.get(key) ?? transformer.transform(asked);
    transformed.set(key, code);
    return { code };
  },
});

/** A folder in which copies of schemas find what they import; remove it with what it returns. */
export async function makeWorkshop(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "tenantry-mutants-"));
  await symlink(join(root, "node_modules"), join(path, "node_modules"));
  await writeFile(join(path, "package.json"), '{ "type": "module" }');
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** What the rules over code find in a copy of the schema. */
export async function findInCode(
  workshop: string,
  project: BaseProject,
  plant?: Plant & { readonly kind: "code" },
): Promise<readonly Finding[]> {
  const directory = await mkdtemp(join(workshop, "copy-"));
  const files = new Map(Object.entries(project.files));
  for (const { file, find, replace } of plant?.edits ?? []) {
    const text = files.get(file) ?? "";
    const parts = find === "" ? [text, ""] : text.split(find);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
    files.set(file, parts.join(replace));
  }
  for (const [path, text] of Object.entries(plant?.files ?? {})) files.set(path, text);
  for (const [path, text] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const entry = join(directory, "schema/index.ts");
  return await checkCode({
    directory,
    settings: project.settings,
    schemaFiles: [entry],
    exports: plant?.edits.length === 0 ? project.exports : await loadExports(entry),
    servicePaths: ["service/**/*.ts"],
  });
}

async function loadExports(entry: string): Promise<Record<string, unknown>> {
  const module: object = await jiti.import(entry);
  return Object.fromEntries(Object.entries(module).map(([name, value]) => [`0:${name}`, value]));
}
