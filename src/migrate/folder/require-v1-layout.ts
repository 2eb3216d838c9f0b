import { existsSync } from "node:fs";
import { join } from "node:path";
import { TenantryError } from "../../core/errors.js";
import { JOURNAL } from "./read-journal-layout.js";

/**
 * Refuses a folder in the old layout: it can be applied, but drizzle-kit 1.0 writes nothing into it.
 *
 * @throws TenantryError `migrations-folder`.
 */
export function requireV1Layout(path: string): void {
  if (!existsSync(join(path, JOURNAL))) return;
  throw new TenantryError({
    code: "migrations-folder",
    message: `The migrations folder ${path} is in the layout of drizzle-kit 0.x (meta/_journal.json).`,
    hint: 'Run "npx drizzle-kit up" once; it moves every migration into a folder of its own.',
  });
}
