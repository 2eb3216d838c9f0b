import type { Catalog } from "../../catalog/catalog.js";
import { tableSubject } from "../../catalog/facts.js";
import type { Finding } from "../../core/finding.js";
import type { Expected } from "../../isolation/expected.js";
import { describeTables } from "../read-status.js";
import { isAboutIsolation } from "./judge-report.js";
import type { ReportTable } from "./report.js";

/**
 * The tables that the code declares, and those of the database that nobody has declared; the worst first.
 *
 * @param findings of the live database, and of attacks wherever they were run.
 */
export function listTables(
  expected: Expected,
  catalog: Catalog,
  findings: readonly Finding[],
): ReportTable[] {
  const partitions = new Map<string, number>();
  const children = new Set<string>();
  for (const { schema, name, parent } of catalog.around.children) {
    children.add(tableSubject(schema, name));
    const key = tableSubject(parent.schema, parent.name);
    partitions.set(key, (partitions.get(key) ?? 0) + 1);
  }
  const counts = new Map<string, number>();
  for (const { subject } of findings) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  const declared = describeTables(expected, catalog, findings.filter(isAboutIsolation));
  const known = new Set(declared.map(({ table }) => table));
  const others = catalog.relations
    .filter(({ kind }) => kind === "table" || kind === "partitioned table")
    .map((relation) => ({ relation, subject: tableSubject(relation.schema, relation.name) }))
    // A partition is its parent's, until something is wrong with it.
    .filter(({ subject }) => !known.has(subject) && (!children.has(subject) || counts.has(subject)))
    .map(
      ({ relation, subject }): Omit<ReportTable, "partitions" | "findings"> => ({
        table: subject,
        kind: "not declared",
        exists: true,
        rowSecurity: relation.rowSecurity,
        forced: relation.forced,
        policies: relation.policies.length,
        tenantLeadingKey: false,
        verdict: "not isolated",
      }),
    );
  return [...declared, ...others]
    .map((row) => ({
      ...row,
      partitions: partitions.get(row.table) ?? 0,
      findings: counts.get(row.table) ?? 0,
    }))
    .sort(
      (one, other) =>
        ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict) || (one.table < other.table ? -1 : 1),
    );
}

const ORDER: readonly ReportTable["verdict"][] = ["not isolated", "missing", "isolated", "shared"];
