import type { Finding } from "../../core/finding.js";
import type { TableDeclaration } from "../../rls/table-declaration.js";
import type { Expected, ExpectedTable } from "../expected.js";
import type { PolicyAnalysis } from "../policy-analysis.js";
import type { IsEngineSql } from "./blocks/engine-blocks.js";
import type { Unread } from "./blocks/expand-statements.js";
import type { Unit } from "./interpret.js";
import type { ParsedStatement } from "./parse-migration.js";
import type { SchemaState, TableState } from "./schema-state.js";

/** A table of the code, found among those that the migrations lead to. */
export type DeclaredTable = {
  readonly subject: string;
  readonly expected: ExpectedTable;
  readonly declaration: TableDeclaration;
  /** As the migrations leave it. */
  readonly final: TableState;
};

/** What a rule over migrations may look at. */
export type SqlContext = {
  /** Every migration, in the order in which they commit. */
  readonly units: readonly Unit[];
  readonly final: SchemaState;
  readonly expected: Expected;
  readonly analysis: PolicyAnalysis;
  /** By the number of the table. */
  readonly declared: ReadonlyMap<number, DeclaredTable>;
  /** SQL that a block puts together while it runs. */
  readonly unread: readonly Unread[];
  /** True for a statement that is, to the letter, what the completion writes. */
  readonly isEngineSql: IsEngineSql;
  /** Tables with rows of tenants: the declared ones, and those that are parts or copies of them. */
  readonly tenantTables: ReadonlySet<number>;
};

/** What a rule over migrations finds: always with a place. */
export type SqlFinding = Omit<Finding, "rule">;

/** One rule: an id that is a heading in `docs/rules.md`, and what it finds. */
export type SqlRule = {
  readonly id: string;
  /** The numbers in the catalogue of leaks that it covers. */
  readonly threats: readonly number[];
  readonly check: (context: SqlContext) => readonly SqlFinding[];
};

/** The place of a statement, for a finding. */
export function placeOf(statement: ParsedStatement): Pick<Finding, "file" | "line" | "column"> {
  return { file: statement.file, line: statement.line, column: statement.column };
}
