import type { Blocked } from "./lock-mode.js";
import { blockedBy } from "./lock-mode.js";
import type { StatementReport } from "./plan-report.js";

/**
 * Says which tables stay locked while later statements of the same transaction read, write or build: a lock is given back at
 * COMMIT, and not when its statement ends.
 */
export function describeHolds(statements: readonly StatementReport[]): string[] {
  const held = new Map<string, { readonly from: number; readonly blocks: Blocked }>();
  for (const { number, effects } of statements) {
    for (const { table, mode, partitionOf } of effects.locks) {
      const blocks = blockedBy(mode);
      if (blocks === "nothing" || partitionOf !== undefined) continue;
      const known = held.get(table);
      if (known === undefined || (known.blocks === "writes" && blocks === "reads and writes"))
        held.set(table, { from: number, blocks });
    }
  }
  return [...held].flatMap(([table, { from, blocks }]) => {
    const works = statements.filter(({ number, verdict }) => number > from && isWork(verdict.class));
    if (works.length === 0) return [];
    const numbers = works.map(({ number }) => number).join(", ");
    const preposition = blocks === "writes" ? "to" : "of";
    return [
      `${blocks} ${preposition} ${table} wait from statement ${from} until COMMIT, also during ${numbers}`,
    ];
  });
}

function isWork(verdict: StatementReport["verdict"]["class"]): boolean {
  return ["reads", "builds", "rewrites", "changes-rows"].includes(verdict);
}
