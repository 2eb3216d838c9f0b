import type { Expected } from "../isolation/expected.js";
import type { TableDeclaration } from "../rls/table-declaration.js";

/** The table whose own rows are the tenants. */
export type TenantRoot = {
  readonly schema: string;
  readonly name: string;
  /** The tenant id's. */
  readonly column: string;
  readonly declaration: TableDeclaration;
};

/** The table that the code declares with `tenantRoot`, or undefined. */
export function findTenantRoot({ tables }: Expected): TenantRoot | undefined {
  for (const { schema, name, declaration } of tables) {
    if (declaration?.kind === "root" && declaration.tenantColumn !== undefined)
      return { schema, name, column: declaration.tenantColumn, declaration };
  }
  return undefined;
}
