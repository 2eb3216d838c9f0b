import type { Catalog, Relation } from "../catalog/catalog.js";
import type { Finding } from "../core/finding.js";
import type { TableDeclaration } from "../rls/table-declaration.js";
import type { Expected, ExpectedTable } from "./expected.js";
import type { PolicyAnalysis } from "./policy-analysis.js";
import type { ServiceReach } from "./service-reach.js";
import type { TenantReads } from "./tenant-reads.js";

/** What an audit is given. */
export type AuditInput = {
  readonly expected: Expected;
  readonly catalog: Catalog;
  readonly analysis: PolicyAnalysis;
};

/** What a rule over a live catalog may look at. */
export type AuditContext = AuditInput & {
  readonly reach: ServiceReach;
  readonly reads: TenantReads;
};

/** A table of the code that the database has, with what was declared about it. */
export type AuditedTable = {
  readonly subject: string;
  readonly expected: ExpectedTable;
  readonly declaration: TableDeclaration;
  readonly relation: Relation;
};

/** What a rule over a live catalog finds. */
export type RuleFinding = Omit<Finding, "rule"> & {
  /** The policy, key, trigger or publication that it is about: what an exception of the table names. */
  readonly about?: string;
};

/** One rule: an id that is a heading in `docs/rules.md`, and what it finds. */
export type CatalogRule = {
  readonly id: string;
  /** The numbers in the catalogue of leaks that it covers. */
  readonly threats: readonly number[];
  readonly check: (context: AuditContext, tables: readonly AuditedTable[]) => readonly RuleFinding[];
};

/** The fix of whatever the completion can restore. */
export const REPAIR = 'Run "tenantry verify --repair"; or "tenantry create NAME", if the migrations lack it.';
