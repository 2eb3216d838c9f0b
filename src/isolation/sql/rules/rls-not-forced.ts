import { REPAIR } from "../../rule.js";
import { findLapses, untilLater } from "../find-lapses.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** Without FORCE the table's owner, and any login that is a member of it, sees every row. */
export const rlsNotForced: SqlRule = {
  id: "rls-not-forced",
  threats: [20, 79],
  check: (context) =>
    [...context.declared].flatMap(([id, { subject }]) =>
      findLapses(context, id, {
        // What is off altogether has a rule of its own.
        holds: (table) => table.forced || !table.rowSecurity,
        blame: (table) => table.forcedAt ?? table.rowSecurityAt,
      }).map((lapse) => ({
        level: "error" as const,
        subject,
        ...placeOf(lapse.at),
        detail: `row security does not bind the table's owner after this${untilLater(lapse)}`,
        fix: REPAIR,
      })),
    ),
};
