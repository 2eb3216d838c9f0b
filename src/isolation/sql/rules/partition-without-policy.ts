import { tableSubject } from "../../../catalog/facts.js";
import { findOffspring } from "../find-offspring.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** The parent's policies do not apply to whoever names the partition. */
export const partitionWithoutPolicy: SqlRule = {
  id: "partition-without-policy",
  threats: [50, 51],
  check: (context) =>
    findOffspring(context, "child").map(({ table, origin }) => ({
      level: "error",
      subject: tableSubject(table.schema, table.name),
      ...placeOf(origin.at),
      detail:
        "policies of the parent do not apply where the partition or child is named itself, and it has none",
      fix: "In the same migration: enable and force row level security on it, and create the parent's policies on it.",
    })),
};
