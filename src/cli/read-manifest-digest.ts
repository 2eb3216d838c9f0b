import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Project } from "./project/project.js";

/** As `tenantry generate` writes it, and as TypeScript's compiler leaves it. */
const DIGEST = /\bdigest: "([0-9a-f]{64})"/;

/**
 * The digest of the manifest that `tenantry generate` has written beside the schema: the same that services import. It is
 * read as text, since a manifest of many tables takes long to evaluate; undefined where none has been generated.
 */
export async function readManifestDigest(project: Project): Promise<string | undefined> {
  const [entry] = await project.schemaFiles();
  if (entry === undefined) return undefined;
  for (const extension of ["ts", "js"]) {
    const file = join(dirname(entry), "generated", `manifest.${extension}`);
    const text = await readFile(file, "utf8").catch(() => "");
    const digest = DIGEST.exec(text)?.[1];
    if (digest !== undefined) return digest;
  }
  return undefined;
}
