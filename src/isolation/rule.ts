import type { Catalog, Relation } from "../catalog/catalog.js";
import type { Finding } from "../core/finding.js";
import type { TableDeclaration } from "../rls/table-declaration.js";
import type { Expected, ExpectedTable } from "./expected.js";
import type { PolicyAnalysis } from "./policy-analysis.js";

/** What a rule over a live catalog may look at. */
export type AuditContext = {
  readonly expected: Expected;
  readonly catalog: Catalog;
  readonly analysis: PolicyAnalysis;
};

/** A table of the code that the database has, with what was declared about it. */
export type AuditedTable = {
  readonly subject: string;
  readonly expected: ExpectedTable;
  readonly declaration: TableDeclaration;
  readonly relation: Relation;
};

/** One rule: an id that is a heading in `docs/rules.md`, and what it finds. */
export type CatalogRule = {
  readonly id: string;
  /** The numbers in the catalogue of leaks that it covers. */
  readonly threats: readonly number[];
  readonly check: (
    context: AuditContext,
    tables: readonly AuditedTable[],
  ) => readonly Omit<Finding, "rule">[];
};

/** The fix of whatever the completion can restore. */
export const REPAIR = 'Run "tenantry create NAME": it writes the missing statements into a migration.';
