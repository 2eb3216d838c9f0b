import { readCatalog } from "../../catalog/read-catalog.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import { catalogScope } from "../../isolation/catalog-scope.js";
import type { Expected } from "../../isolation/expected.js";
import type { Repair } from "../../isolation/repair/find-repairs.js";
import { findRepairs } from "../../isolation/repair/find-repairs.js";
import type { Database } from "../../postgres/connect.js";

/** How long a repair may wait for a table that others use, before it gives up and changes nothing. */
const LOCK_TIMEOUT = "5s";

/** Repairs as a script that can be read, kept, or run by hand. Empty if there is nothing to repair. */
export function formatRepairs(repairs: readonly Repair[]): string {
  if (repairs.length === 0) return "";
  const lines = repairs.flatMap(({ key, why, statements }) => [
    `-- ${key}: ${why}`,
    ...statements.map((statement) => `${statement};`),
  ]);
  return ["begin;", `set local lock_timeout = '${LOCK_TIMEOUT}';`, ...lines, "commit;"].join("\n");
}

/**
 * Computes the repairs and applies them, in one transaction.
 *
 * @throws TenantryError `isolation` if a statement fails, or if something is left to repair after it; nothing was changed.
 */
export async function applyRepairs(database: Database, expected: Expected): Promise<readonly Repair[]> {
  try {
    return await database.begin(async (session) => {
      await session.unsafe(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
      const read = async () =>
        findRepairs(session, expected, await readCatalog(session, catalogScope(expected)));
      const repairs = await read();
      for (const statement of repairs.flatMap(({ statements }) => statements))
        await session.unsafe(statement).simple();
      const left = await read();
      if (left.length > 0) throw refused(left.map(({ key, why }) => `${key}: ${why}`));
      return repairs;
    });
  } catch (thrown) {
    throw thrown instanceof TenantryError ? thrown : refused([messageOf(thrown)], thrown);
  }
}

function refused(details: readonly string[], cause?: unknown): TenantryError {
  return new TenantryError({
    code: "isolation",
    message: "The repair did not succeed; nothing was changed.",
    details,
    hint: 'Run "tenantry verify --repair" to see the SQL; the login must own the tables.',
    cause,
  });
}
