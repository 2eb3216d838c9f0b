import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";

/** Tries to see another tenant's row by locking it, or by having a change return it. */
export const lockAndReturnRows: Probe = {
  id: "probe-returning",
  threats: [77],
  title: "RETURNING or FOR UPDATE shows or locks rows of another tenant",
  fix: "Restore the table's policies for every command (withTenantRls).",
  applies: isTenantTarget,
  attack: async ({ session, target, attacker, victim }) => {
    const { place } = target;
    const where = aim.rowsOf(target, victim);
    const attacks: readonly (readonly [string, string])[] = [
      ["SELECT FOR UPDATE", `select 1 from ${place} where ${where} for update`],
      ["SELECT FOR KEY SHARE", `select 1 from ${place} where ${where} for key share`],
      ["UPDATE RETURNING", `update ${place} set ${aim.noChange(target)} where ${where} returning 1`],
      ["DELETE RETURNING", `delete from ${place} where ${where} returning 1`],
    ];
    const outcomes = [];
    for (const [what, statement] of attacks) {
      const answer = await session.attack({ context: attacker.id }, statement);
      outcomes.push(judge.nothing(answer, `${what} reached a row of another tenant`));
    }
    return judge.worst(outcomes);
  },
};
