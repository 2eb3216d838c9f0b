import { quoteIdentifier } from "../../../core/identifiers.js";
import { aim } from "../aim.js";
import { castTo } from "../column-choices.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import type { AttackContext, Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { Answer } from "../probe-session.js";
import { countOwnRows } from "./count-own-rows.js";

/** Changes another tenant's row: by its key, and blindly, since that asks the policies for UPDATE alone. */
export const updateRows: Probe = {
  id: "probe-update",
  threats: [1, 2, 5, 6, 13],
  title: "the service changes rows of another tenant",
  fix: "Restore the table's policies for UPDATE (withTenantRls).",
  applies: isTenantTarget,
  attack: (context) => {
    const { target, victim, attacker } = context;
    const column = aim.harmlessColumn(target);
    const value = column === undefined ? undefined : attacker.rows.get(target.shape.key)?.[column.name];
    const blind =
      column === undefined || value === undefined
        ? undefined
        : `update ${target.place} set ${quoteIdentifier(column.name)} = ${castTo(column, value)}`;
    return change(
      context,
      `update ${target.place} set ${aim.noChange(target)} where ${aim.rowsOf(target, victim)}`,
      blind,
    );
  },
};

/** Deletes another tenant's row: by its key, and blindly. */
export const deleteRows: Probe = {
  id: "probe-delete",
  threats: [1, 2, 5, 6, 13],
  title: "the service deletes rows of another tenant",
  fix: "Restore the table's policies for DELETE (withTenantRls).",
  applies: isTenantTarget,
  attack: (context) => {
    const { target, victim } = context;
    const byKey = `delete from ${target.place} where ${aim.rowsOf(target, victim)}`;
    return change(context, byKey, `delete from ${target.place}`);
  },
};

async function change(context: AttackContext, byKey: string, blind: string | undefined): Promise<Outcome> {
  const { session, target, attacker, newcomer, throwAway } = context;
  const keyed = await session.attack({ context: attacker.id }, byKey);
  const outcome = judge.nothing(keyed, "naming its key, it reached a row of another tenant");
  const isSmall = throwAway || target.shape.estimatedRows <= aim.mostRows;
  if (outcome.result !== "held" || blind === undefined || !isSmall) return outcome;
  const own = await countOwnRows(context);
  const all = await session.attack({ context: newcomer.id }, blind);
  return judge.nothing(
    withoutOwn(all, own),
    "without a condition, it reached rows of other tenants",
    // A tenant's own rows may be referred to.
    own > 0 ? ["23503", "23001"] : [],
  );
}

function withoutOwn(answer: Answer, own: number): Answer {
  return answer.ok ? { ...answer, count: Math.max(answer.count - own, 0) } : answer;
}
