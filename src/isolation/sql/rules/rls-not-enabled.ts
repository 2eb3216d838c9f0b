import { REPAIR } from "../../rule.js";
import { findLapses, untilLater } from "../find-lapses.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** Policies of a table whose row security is off do nothing. */
export const rlsNotEnabled: SqlRule = {
  id: "rls-not-enabled",
  threats: [1, 2, 79],
  check: (context) =>
    [...context.declared].flatMap(([id, { subject }]) =>
      findLapses(context, id, {
        holds: (table) => table.rowSecurity,
        blame: (table) => table.rowSecurityAt,
      }).map((lapse) => ({
        level: "error" as const,
        subject,
        ...placeOf(lapse.at),
        detail:
          "AlterTableStmt" in lapse.at.node
            ? `this switches row security off${untilLater(lapse)}`
            : `the table is created without row security${untilLater(lapse)}`,
        fix:
          "AlterTableStmt" in lapse.at.node
            ? "Take the statement out, or switch row security on again in the same migration."
            : REPAIR,
      })),
    ),
};
