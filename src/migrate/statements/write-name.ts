import type { RangeVar } from "libpg-query";

/** A relation's name for people, as the statement has it. */
export function writeName(relation: Pick<RangeVar, "schemaname" | "relname"> | undefined): string {
  const { schemaname, relname = "" } = relation ?? {};
  return schemaname === undefined ? relname : `${schemaname}.${relname}`;
}
