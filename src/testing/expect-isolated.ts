import type { PgTable } from "drizzle-orm/pg-core";
import { getTableConfig } from "drizzle-orm/pg-core";
import { tableSubject } from "../catalog/facts.js";
import { readCatalog } from "../catalog/read-catalog.js";
import { TenantryError } from "../core/errors.js";
import type { Finding } from "../core/finding.js";
import { formatFinding } from "../core/finding.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { auditCatalog } from "../isolation/audit.js";
import { catalogScope } from "../isolation/catalog-scope.js";
import { readExpected } from "../isolation/expected.js";
import { loadPolicyAnalysis } from "../isolation/policy-analysis.js";
import { probeDatabase } from "../isolation/probes/probe-database.js";
import { withDatabase } from "../postgres/connect.js";

/** What is to be judged, and by whom. */
export type IsolationTest = {
  /** A superuser's, on a database that nobody else uses. */
  readonly adminUrl: URL;
  readonly settings: TenancySettings;
  /** The exports of the schema files. */
  readonly schema: Readonly<Record<string, unknown>>;
};

/**
 * Judges tables by every rule over the catalog and attacks them as a service would, with rows of made-up tenants, in a
 * transaction that is rolled back. Without a table: all of the schema, its views, its functions and its roles.
 *
 * @throws TenantryError `isolation` with one finding for each hole, and for what could not be tried; `schema-invalid`.
 */
export async function expectIsolated(test: IsolationTest, tables: readonly PgTable[]): Promise<void> {
  const more = Object.fromEntries(tables.map((table, at) => [`expectIsolated:${at}`, table]));
  const expected = readExpected(test.settings, { ...test.schema, ...more });
  const subjects = tables.map((table) => {
    const { schema = "public", name } = getTableConfig(table);
    return tableSubject(schema, name);
  });
  const isAsked = ({ subject }: Finding) => subjects.length === 0 || subjects.includes(subject);
  const analysis = await loadPolicyAnalysis(test.settings);
  // A connection of its own: one that has had a tenant looks different to the attacks that begin without.
  const findings = await withDatabase(
    test.adminUrl,
    { applicationName: "tenantry probes" },
    async (database) => {
      const catalog = await readCatalog(database, catalogScope(expected));
      const audit = auditCatalog({ expected, catalog, analysis });
      const only = subjects.length === 0 ? {} : { only: subjects };
      const probes = await probeDatabase({ database, expected, catalog, throwAway: true, ...only });
      return [...audit, ...probes.findings];
    },
  );
  const found = findings.filter(isAsked);
  if (found.length > 0) throw notIsolated(subjects, found);
}

/** Test runners show the message and nothing else, so the findings stand in it. */
function notIsolated(subjects: readonly string[], findings: readonly Finding[]): TenantryError {
  const details = findings.map(formatFinding);
  const what = subjects.length === 0 ? "The database" : subjects.join(", ");
  return new TenantryError({
    code: "isolation",
    message: `${what} cannot be proven to be isolated:\n${details.join("\n")}`,
    hint: "Write what each finding says into the schema, then run: tenantry create NAME",
    details,
  });
}
