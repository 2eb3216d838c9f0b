import type { Grant } from "../catalog/catalog.js";
import { quoteIdentifier } from "../core/identifiers.js";

/** A grantee in SQL. */
export function granteeSql(role: string): string {
  return role === "PUBLIC" ? "public" : quoteIdentifier(role);
}

/** The privileges of a grant without the marks of grant options, lower-case, as REVOKE wants them. */
export function privilegesSql(privileges: Grant["privileges"]): string {
  return privileges.map((privilege) => privilege.replace("*", "").toLowerCase()).join(", ");
}

/** The privileges of a grant that are among others, whether they may be passed on or not. */
export function amongPrivileges({ privileges }: Grant, wanted: readonly string[]): string[] {
  return privileges.filter((privilege) => wanted.includes(privilege.replace("*", "")));
}
