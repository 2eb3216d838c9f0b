import type { AnswerRow } from "./probe-session.js";

/** A made-up tenant and the rows that it has been given. */
export type TenantRows = {
  /** As the setting holds it. */
  readonly id: string;
  /** By the key of the table's shape; every value as text. */
  readonly rows: Map<string, AnswerRow>;
  /** Values that rows not yet made must have, since others refer to them already. */
  readonly planned: Map<string, Map<string, string>>;
};

/** A tenant without rows. */
export function newTenant(id: string): TenantRows {
  return { id, rows: new Map(), planned: new Map() };
}

/** The same tenant, whose list of rows can be added to for a while. */
export function copyTenant({ id, rows }: TenantRows): TenantRows {
  return { id, rows: new Map(rows), planned: new Map() };
}
