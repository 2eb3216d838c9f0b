import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import type { Project } from "./project/project.js";

/** Where what is generated goes, from the project's folder. */
export type GeneratedPlaces = { readonly out?: string | undefined; readonly docs: string };

/** Where it goes if nobody says otherwise; see `tenantry generate --help`. */
export const DEFAULT_DOCS = "docs/schema.md";

/** A file as it is to be, and whether it is. */
export type GeneratedFile = {
  readonly path: string;
  /** From the project's folder. */
  readonly name: string;
  readonly text: string;
  readonly exists: boolean;
  readonly isCurrent: boolean;
};

/**
 * Generates every file from the schema, and compares it with what is on the disk. Writes nothing.
 *
 * @throws TenantryError as `loadSchema` and `generateFiles`.
 */
export async function compareGenerated(project: Project, places: GeneratedPlaces): Promise<GeneratedFile[]> {
  const [{ exports }, schemaFiles] = await Promise.all([project.loadSchema(), project.schemaFiles()]);
  // TypeScript is heavy: it is loaded by the commands that need it, and by no other.
  const { generateFiles } = await import("../../codegen/generate.js");
  const { directory, settings } = project;
  const files = await generateFiles({
    directory,
    settings,
    schemaFiles,
    exports,
    out: resolve(directory, places.out ?? join(dirname(schemaFiles[0] ?? directory), "generated")),
    docs: resolve(directory, places.docs),
  });
  return await Promise.all(
    files.map(async ({ path, text }) => {
      const current = await readFile(path, "utf8").catch(() => undefined);
      const name = relative(directory, path);
      return { path, text, name, isCurrent: current === text, exists: current !== undefined };
    }),
  );
}
