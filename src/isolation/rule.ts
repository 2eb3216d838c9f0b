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
  /** Whose doing the catalog is: that of migrations which can still be changed, or of whatever ran on a live database. */
  readonly madeBy?: "migrations" | "anybody";
};

/** The fix of what the completion can restore. `sql` is the one statement that does, where it is that short. */
export type Restorable = { readonly restore: string | undefined };

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
export type RuleFinding = Omit<Finding, "rule" | "fix"> & {
  readonly fix: string | Restorable;
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

/** The fix of whatever the completion writes, in migrations: there is no database yet to be repaired. */
export const REPAIR = 'Run "tenantry create NAME": it writes what the migrations lack.';

/** The fix of whatever the completion restores, by whoever can still do it. */
export function restoringFix({ restore }: Restorable, madeBy: AuditInput["madeBy"]): string {
  if (madeBy === "migrations")
    return restore === undefined
      ? REPAIR
      : `Complete the migration: ${restore}; or run "tenantry create NAME", which writes it.`;
  return 'Run "tenantry verify --repair"; or "tenantry create NAME", if the migrations lack it.';
}

/** Marks a finding as the completion's to restore. */
export function restored(sql?: string): Restorable {
  return { restore: sql };
}
