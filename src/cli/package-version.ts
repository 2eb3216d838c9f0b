import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** The version of this package. Read without zod: `--version` would wait for it. */
export function readPackageVersion(): string {
  const path = createRequire(import.meta.url).resolve("tenantry/package.json");
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  const found = typeof manifest === "object" && manifest !== null && "version" in manifest;
  if (found && typeof manifest.version === "string") return manifest.version;
  throw new Error(`${path} has no version`);
}
