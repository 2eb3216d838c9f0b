import type { Catalog } from "../../catalog/catalog.js";
import type { Expected } from "../../isolation/expected.js";

/**
 * The catalog of a shadow without the server's logins: who is a member of what on a throw-away server says nothing about
 * the services' own. What the roles of the schema are members of is the migrations' doing, and stays.
 */
export function inServerScope(catalog: Catalog, { settings }: Expected): Catalog {
  const logins = new Set(catalog.around.roles.filter(({ canLogin }) => canLogin).map(({ name }) => name));
  const groups: ReadonlySet<string> = new Set(Object.values(settings.roles));
  const memberships = catalog.around.memberships.filter(
    ({ member }) => groups.has(member) || !logins.has(member),
  );
  return { ...catalog, around: { ...catalog.around, memberships } };
}
