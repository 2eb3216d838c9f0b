import type { SQL } from "drizzle-orm";
import { is } from "drizzle-orm";
import type { PgPolicy } from "drizzle-orm/pg-core";
import { PgDialect, PgRole } from "drizzle-orm/pg-core";
import type { Place, PolicyModel } from "./schema-model.js";

const dialect = new PgDialect();

/** SQL as drizzle-kit writes it into a migration, and the number of its parameters. */
export function renderSql(expression: SQL): { readonly text: string; readonly parameters: number } {
  const { sql, params } = dialect.sqlToQuery(expression);
  return { text: sql, parameters: params.length };
}

/** A policy as plain data. */
export function readPolicy(policy: PgPolicy, place: Place | undefined): PolicyModel {
  const using = policy.using === undefined ? undefined : renderSql(policy.using);
  const check = policy.withCheck === undefined ? undefined : renderSql(policy.withCheck);
  const to = policy.to ?? "public";
  const roles = (Array.isArray(to) ? to : [to]).map((role) => (is(role, PgRole) ? role.name : String(role)));
  return {
    name: policy.name,
    permissive: policy.as !== "restrictive",
    command: policy.for ?? "all",
    roles,
    using: using?.text,
    check: check?.text,
    parameters: (using?.parameters ?? 0) + (check?.parameters ?? 0),
    place,
  };
}
