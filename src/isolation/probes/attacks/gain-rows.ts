import { aim } from "../aim.js";
import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD } from "../outcome.js";
import type { AttackContext } from "../probe.js";
import type { TenantRows } from "../tenant-rows.js";

/**
 * Runs a statement of the attacker's that would give another tenant a row, and believes it only if that one has more
 * rows then: a trigger may have put the writer's own id into the row.
 */
export async function gainRows(
  { session, target, attacker }: AttackContext,
  tenant: TenantRows,
  statement: string,
  evidence: string,
): Promise<Outcome> {
  const state = { context: attacker.id };
  const outcome = judge.nothing(await session.attack(state, statement), evidence);
  if (outcome.result !== "leaked") return outcome;
  const count = `select count(*)::text as n from ${target.place} where ${aim.rowsOf(target, tenant)}`;
  const before = await session.owner(count);
  const { answer, proof } = await session.attackAndProve(state, statement, count);
  if (!answer.ok) return outcome;
  return Number(proof[0]?.n) > Number(before[0]?.n) ? outcome : HELD;
}
