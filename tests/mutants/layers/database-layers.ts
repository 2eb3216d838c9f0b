import { loadModule } from "libpg-query";
import type postgres from "postgres";
import type { Catalog } from "../../../src/catalog/catalog.js";
import { readCatalog } from "../../../src/catalog/read-catalog.js";
import type { Finding } from "../../../src/core/finding.js";
import { auditCatalog } from "../../../src/isolation/audit.js";
import { catalogScope } from "../../../src/isolation/catalog-scope.js";
import { loadPolicyAnalysis } from "../../../src/isolation/policy-analysis.js";
import { PROBES } from "../../../src/isolation/probes/probes.js";
import { runProbes } from "../../../src/isolation/probes/run-probes.js";
import { withDatabase } from "../../../src/postgres/connect.js";
import type { BaseProject } from "../projects.js";

class RolledBack extends Error {}

/** Runs statements as superuser, on a connection of their own, looks at what they have made, and undoes them. */
export async function withPlanted<T>(
  url: URL,
  sql: string,
  look: (transaction: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  // A new one each time: a probe tells a connection that has had a tenant from one that has not.
  return await withDatabase(url, { max: 1 }, async (database) => {
    const seen: T[] = [];
    try {
      await database.begin(async (transaction) => {
        if (sql !== "") await transaction.unsafe(sql);
        seen.push(await look(transaction));
        throw new RolledBack();
      });
    } catch (thrown) {
      if (!(thrown instanceof RolledBack)) throw thrown;
    }
    const [result] = seen;
    if (result === undefined) throw new Error("nothing was seen");
    return result;
  });
}

/** The catalog as it is inside a transaction. */
export async function readPlanted(
  { expected }: BaseProject,
  transaction: postgres.TransactionSql,
): Promise<Catalog> {
  return await readCatalog(transaction, catalogScope(expected));
}

/** What the audit finds in a catalog. */
export async function findInCatalog(
  { expected }: BaseProject,
  catalog: Catalog,
): Promise<readonly Finding[]> {
  return auditCatalog({ expected, catalog, analysis: await loadPolicyAnalysis(expected.settings) });
}

/** What the attacks for these numbers find, inside the transaction; all of them without numbers. */
export async function findByProbes(
  { expected }: BaseProject,
  catalog: Catalog,
  transaction: postgres.TransactionSql,
  threats?: readonly number[],
): Promise<readonly Finding[]> {
  await loadModule();
  // That services can use their own rows is asked every time: otherwise "held" would prove nothing.
  const wanted = PROBES.filter(
    ({ id, threats: covered }) =>
      id === "probe-outage" || covered.some((threat) => threats?.includes(threat) ?? true),
  );
  const probes = wanted.map(({ id }) => id);
  return (await runProbes(transaction, { expected, catalog, probes, throwAway: true })).findings;
}
