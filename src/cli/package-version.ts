import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";

const manifest = z.object({ version: z.string() });

/** The version of this package. */
export function readPackageVersion(): string {
  const path = createRequire(import.meta.url).resolve("tenantry/package.json");
  return manifest.parse(JSON.parse(readFileSync(path, "utf8"))).version;
}
