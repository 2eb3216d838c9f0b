import { parseDatabaseUrl } from "../../../core/database-url.js";
import { quoteIdentifier } from "../../../core/identifiers.js";
import type { Database } from "../../../postgres/connect.js";
import { withDatabase } from "../../../postgres/connect.js";
import { processIdExists } from "../../../postgres/embedded/process-facts.js";
import { readMaker } from "../../../testing/cleanup/test-database-name.js";
import { DEFAULT_PREFIX } from "../../../testing/create-empty-database.js";
import type { Check } from "../check.js";
import { ok, warning } from "../check.js";

/** A copy that is thrown away at the end; the number is the process that made it. */
const SHADOW = /^tenantry_shadow_(\d+)_[0-9a-f]{8}$/;

/** A template that was not finished; a finished one is kept on purpose, and has no third part. */
const DRAFT = /^tenantry_template_v[0-9a-f]{12}_[0-9a-f]{12}_[0-9a-f]{8}$/;

/** Commands and tests that were killed have left no databases behind. */
export const leftoversCheck: Check = {
  id: "leftovers",
  group: "The database",
  needs: ["connection"],
  run: async ({ context, database }) => {
    const shadow = context.variables.SHADOW_DATABASE_URL ?? "";
    const onTarget = await readUnused(await database());
    const onShadow =
      shadow === ""
        ? []
        : await withDatabase(parseDatabaseUrl(shadow, "SHADOW_DATABASE_URL"), {}, readUnused).catch(() => []);
    const left = [...new Set([...onTarget, ...onShadow])].filter(isLeftOver);
    const [first] = left;
    if (first === undefined) return ok("none");
    const shown = left.slice(0, 3).join(", ");
    return warning(
      `${left.length === 1 ? "a database" : `${left.length} databases`} that nobody uses any more: ${shown}${left.length > 3 ? ", …" : ""}`,
      `If no tenantry command runs there: drop database ${quoteIdentifier(first)}${left.length > 1 ? ", and so on" : ""}`,
    );
  },
};

/** Databases of ours without a connection. */
async function readUnused(session: Database): Promise<string[]> {
  const rows = await session<{ name: string }[]>`
    select d.datname as name from pg_catalog.pg_database d
    where pg_catalog.starts_with(d.datname, 'tenantry_')
      and not exists (select from pg_catalog.pg_stat_activity a where a.datname = d.datname)
    order by d.datname`;
  return rows.map(({ name }) => name);
}

/** True for a name of what is thrown away, unless the process that made it may still be at work (pure but for that). */
function isLeftOver(name: string): boolean {
  const shadow = SHADOW.exec(name);
  if (shadow !== null) return !processIdExists(Number(shadow[1]));
  const maker = readMaker(DEFAULT_PREFIX, name);
  if (maker !== undefined) return !(maker.isLocal && processIdExists(maker.pid));
  return DRAFT.test(name);
}
