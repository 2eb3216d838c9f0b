import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { z } from "zod";

const manifest = z.object({
  engines: z.object({ node: z.string() }),
  peerDependencies: z.record(z.string(), z.string()),
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean() })),
});

/** What this package says of itself, and the folder that it is in. */
export type OwnManifest = z.output<typeof manifest> & { readonly directory: string };

/** Reads the part of this package's own package.json that says what it needs. */
export async function readOwnManifest(): Promise<OwnManifest> {
  const path = createRequire(import.meta.url).resolve("tenantry/package.json");
  return { ...manifest.parse(JSON.parse(await readFile(path, "utf8"))), directory: dirname(path) };
}
