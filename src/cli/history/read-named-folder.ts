import { TenantryError } from "../../core/errors.js";
import type { Migration } from "../../migrate/folder/migration.js";
import { readFolder } from "../../migrate/folder/read-folder.js";

/** The migrations that name the rows of a run log. The past can be read without a folder; it only has fewer names then. */
export async function readNamedFolder(out: string): Promise<readonly Migration[]> {
  return await readFolder(out).catch((thrown: unknown) => {
    if (thrown instanceof TenantryError) return [];
    throw thrown;
  });
}
