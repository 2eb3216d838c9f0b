import { TenantryError } from "../../../core/errors.js";
import { missingPatch, readServerFacts } from "../../../postgres/server-facts.js";
import type { Check, Verdict } from "../check.js";
import { ok, problem, skipped, warning } from "../check.js";

/** The database answers, by the migrator's login. */
export const connectionCheck: Check = {
  id: "connection",
  group: "The database",
  needs: ["database-url"],
  run: async ({ target, database }) => {
    const found = await target();
    if (found === undefined)
      return skipped("the embedded server does not run", "tenantry start, then doctor again");
    try {
      const [row] = await (await database())<{ role: string; name: string }[]>`
        select current_user as role, current_database() as name`;
      return ok(`${row?.role} in the database ${row?.name}`);
    } catch (thrown) {
      // The hint of the error is for every server; on this one it is clear what to run.
      if (found.embedded && thrown instanceof TenantryError && thrown.code === "database-missing")
        return problem("the embedded server has no database yet", "tenantry init");
      throw thrown;
    }
  },
};

/** The server has the fixes that isolation depends on. */
export const serverVersionCheck: Check = {
  id: "server-version",
  group: "The database",
  needs: ["connection"],
  run: async ({ target, database }) => {
    const facts = await readServerFacts(await database());
    const patched = missingPatch(facts);
    if (patched === undefined) return ok(`PostgreSQL ${facts.version}`);
    const lacks = `PostgreSQL ${facts.version} lacks the fix for CVE-2026-120154`;
    return (await target())?.embedded === true
      ? ok(`${lacks}; it is embedded and for development, others need ${patched}`)
      : warning(lacks, `Upgrade the server to ${patched} or newer.`);
  },
};

/** Texts are UTF-8, and sorted as the indexes were built. */
export const encodingCheck: Check = {
  id: "encoding",
  group: "The database",
  needs: ["connection"],
  run: async ({ database }) => {
    const [row] = await (await database())<Encoding[]>`
      select pg_catalog.pg_encoding_to_char(encoding) as encoding, datname as database, datctype as locale,
        datcollversion as recorded, pg_catalog.pg_database_collation_actual_version(oid) as actual
      from pg_catalog.pg_database where datname = pg_catalog.current_database()`;
    if (row === undefined) throw new Error("pg_database has no row for current_database()");
    return judgeEncoding(row);
  },
};

/** What a database says of its texts. */
export type Encoding = {
  readonly database: string;
  readonly encoding: string;
  readonly locale: string;
  /** The version of the collations when the database was made, and now; null where they have none. */
  readonly recorded: string | null;
  readonly actual: string | null;
};

/** Judges it (pure). */
export function judgeEncoding({ database, encoding, locale, recorded, actual }: Encoding): Verdict {
  if (encoding !== "UTF8") {
    return problem(
      `the database's encoding is ${encoding}: not every text can be stored`,
      `Make another database, and move the data there: createdb --encoding UTF8 --template template0 NEW_${database}`,
    );
  }
  if (recorded !== null && actual !== null && recorded !== actual) {
    return warning(
      `the system sorts texts by version ${actual}, and the indexes were built with ${recorded}`,
      `reindex database "${database}"; alter database "${database}" refresh collation version;`,
    );
  }
  return ok(`UTF8, ${locale}`);
}
