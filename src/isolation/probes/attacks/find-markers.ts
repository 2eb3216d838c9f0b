import type { TenantRows } from "../tenant-rows.js";

/** Shorter values may be anybody's. */
const LEAST_LENGTH = 6;
/** What the clock gives stands in many rows. */
const DATE = /^\d{4}-\d\d-\d\d/;

/**
 * True if a text has a value that stands in rows of `others` and not in those of `reader`, nor in what was handed in:
 * as it is, in another case, backwards, in hexadecimal or in base64.
 */
export function hasMarkers(
  text: string,
  others: readonly TenantRows[],
  reader: TenantRows,
  handedIn: string,
): boolean {
  const valuesOf = (tenant: TenantRows) => [tenant.id, ...[...tenant.rows.values()].flatMap(Object.values)];
  const own = new Set(valuesOf(reader));
  const plain = text.toLowerCase();
  return others
    .flatMap(valuesOf)
    .filter((value): value is string => typeof value === "string" && value.length >= LEAST_LENGTH)
    .filter((value) => !own.has(value) && !DATE.test(value) && !handedIn.includes(value))
    .some((value) => {
      const small = value.toLowerCase();
      const forms = [small, [...small].reverse().join(""), Buffer.from(value).toString("hex")];
      // The last characters depend on what follows.
      const coded = Buffer.from(value).toString("base64").replace(/=+$/, "").slice(0, -1);
      return forms.some((form) => plain.includes(form)) || text.includes(coded);
    });
}
