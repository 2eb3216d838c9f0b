import { quoteIdentifier } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import { notApplicable, notPossible } from "../outcome.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import { bareInsert } from "../row-maker.js";
import { gainRows } from "./gain-rows.js";

/** Adds a policy that lets everything through: the floor must contain it. Only where nobody else is. */
export const widenPastFloor: Probe = {
  id: "probe-floor",
  threats: [6],
  title: "a policy added later would open the table",
  fix: "Restore the restrictive policy (withTenantRls).",
  applies: isTenantTarget,
  attack: async (context) => {
    const { session, target, attacker, victim, expected, throwAway } = context;
    if (!throwAway) return notApplicable("policies are added on a throw-away database alone");
    const { place } = target;
    const where = aim.rowsOf(target, victim);
    const role = quoteIdentifier(expected.settings.roles.tenant);
    return await session.undone(async () => {
      const widened = await session.tryOwner(
        `set local role none; create policy tenantry_probe_wide on ${place} as permissive for all to ${role} using (true) with check (true)`,
      );
      if (judge.isRefused(widened)) return notPossible("the login does not own the table");
      if (!widened.ok) return judge.unexpected(widened);
      const outcomes = [];
      for (const statement of [
        `select 1 from ${place} where ${where} limit 1`,
        `update ${place} set ${aim.noChange(target)} where ${where}`,
        `delete from ${place} where ${where}`,
      ]) {
        const answer = await session.attack({ context: attacker.id }, statement);
        outcomes.push(judge.nothing(answer, "a permissive policy, added for the test, was not contained"));
      }
      const move = `update ${place} set ${target.tenant} = ${aim.id(target, victim)} where ${aim.rowsOf(target, attacker)}`;
      outcomes.push(
        await gainRows(context, victim, move, "a new row, allowed for the test, was not contained"),
      );
      const row = victim.rows.get(target.shape.key) ?? {};
      const given = target.shape.columns.filter((column) => column.generated === null);
      const values = new Map(given.map((column) => [column.name, castTo(column, row[column.name] ?? null)]));
      const insert = bareInsert(target.shape, values);
      outcomes.push(
        await gainRows(context, victim, insert, "a new row, allowed for the test, was not contained"),
      );
      return judge.worst(outcomes);
    });
  },
};
