import type { Layer } from "./mutant.js";

/** A fault that a layer does not find, although it could, and why that is left so. */
export type Survivor = { readonly id: string; readonly layer: Layer; readonly reason: string };

const NO_CACHE_RULE = "no layer of the proof chain looks at Redis, or at the keys that a service makes";

/** What is known to survive. One that is found after all, or does not exist, fails the run as well. */
export const SURVIVORS: readonly Survivor[] = [
  ...inBoth("27-service", "code", "a text that is put together is not told from one that is not; documented"),
  ...inBoth("33-cursor", "code", "no rule reads services for cursors that outlive their transaction"),
  ...inBoth("33-temp", "code", "no rule reads services for temporary tables"),
  ...inBoth("33-listen", "code", "no rule reads services for LISTEN"),
  ...inBoth("55-index", "catalog", "what a function in an index does is not read"),
  ...inBoth("55-check", "catalog", "what a function in a check does is not read"),
  ...inBoth("56", "catalog", "large objects are not read"),
  ...inBoth("57", "catalog", "sequences that no serial column owns are not read"),
  { id: "other/57-identity", layer: "catalog", reason: "the sequences of identity columns are not read" },
  ...inBoth("58", "catalog", "there is no one place in which schedulers keep their jobs"),
  ...inBoth("59-sql", "sql", "no rule over SQL reads keys: the rehearsal does"),
  ...inBoth("62-sql", "sql", "no rule over SQL reads foreign keys: the rehearsal does"),
  ...inBoth("68", "catalog", "what extensions tell of sizes and rows is documented, not judged"),
  ...inBoth("71-service", "code", "what a NOTIFY carries is not read; documented"),
  ...inBoth("71-sql", "sql", "what a NOTIFY carries is not read; documented"),
  ...inBoth("80-service", "code", "who a test logs in as is not read; the client refuses at run time"),
  ...inBoth("81", "code", NO_CACHE_RULE),
  ...inBoth("82", "code", NO_CACHE_RULE),
  ...inBoth("83", "code", NO_CACHE_RULE),
  ...inBoth("84-member", "catalog", "a service that is in the door role is found in migrations alone"),
  ...inBoth("86-code", "code", "a key is not compared with the column that marks deleted rows"),
  ...inBoth("50", "probe", "a child without rows of another tenant cannot show any"),
  {
    id: "other/50-partition",
    layer: "probe",
    reason: "a partition without rows of another tenant cannot show any",
  },
  { id: "other/22-text", layer: "probe", reason: "no tenant is made whose id is an empty text" },
];

function inBoth(id: string, layer: Layer, reason: string): Survivor[] {
  return ["own", "other"].map((project) => ({ id: `${project}/${id}`, layer, reason }));
}
