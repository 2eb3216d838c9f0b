import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

/**
 * `drizzle` in the project that is being tested, drizzle-kit's own default; where there is none, the migrations that come
 * with this package and belong to `tenantry/schema`.
 */
export function defaultMigrationsFolder(projectDirectory = process.cwd()): string {
  const own = resolve(projectDirectory, "drizzle");
  if (existsSync(own)) return own;
  return join(dirname(createRequire(import.meta.url).resolve("tenantry/package.json")), "drizzle");
}
