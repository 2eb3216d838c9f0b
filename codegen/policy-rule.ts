import type { Finding } from "../src/core/finding.js";
import type { TenancySettings } from "../src/core/tenancy-settings.js";
import type { PolicedTable } from "./code-rule.js";
import type { PolicyModel, SchemaModel } from "./schema-model.js";
import type { Tree } from "./sql-parser.js";

/** A policy of the project's own, taken apart. */
export type PolicySubject = {
  readonly settings: TenancySettings;
  readonly model: SchemaModel;
  readonly table: PolicedTable;
  readonly policy: PolicyModel;
  /** Its USING and its WITH CHECK, those that it has. */
  readonly trees: readonly Tree[];
  readonly usingIsBound: boolean;
  /** Without a WITH CHECK of its own, a policy checks new rows by its USING. */
  readonly checkIsBound: boolean;
  /** True if a restrictive policy binds every command of the service role to the tenant: nothing widens past it. */
  readonly contained: boolean;
};

/**
 * One fault that a policy may have. The rules are asked in order, and the first that finds something speaks for the
 * policy: a policy with one mistake is one finding.
 */
export type PolicyRule = {
  readonly id: string;
  readonly threats: readonly number[];
  /** True if it also concerns restrictive policies, which can only narrow. */
  readonly judgesRestrictive: boolean;
  readonly find: (subject: PolicySubject) => PolicyFault | undefined;
};

/** What is wrong with a policy. */
export type PolicyFault = Pick<Finding, "level" | "detail" | "fix">;
