import { answerWithin } from "../../core/answer-within.js";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";
import { throwIfStopped } from "../../migrate/run/interrupted.js";
import type { Check, State, Verdict } from "./check.js";
import { problem, skipped } from "./check.js";
import type { Examination } from "./examination.js";

/** A check that was done, or left out. */
export type Diagnosis = Verdict & Pick<Check, "id" | "group">;

/** Seconds for one check: a doctor that hangs helps nobody. */
const PATIENCE_SECONDS = 60;

/**
 * Does every check, at the same time where none needs another. One that throws is a problem, and what needs it is
 * skipped: nothing that is wrong with a set-up keeps the rest from being looked at.
 *
 * @param checks each behind those that it needs.
 * @returns in the order of the checks.
 * @throws TenantryError `interrupted` if the signal fires.
 */
export async function runChecks(
  checks: readonly Check[],
  examination: Examination,
  patienceSeconds: number = PATIENCE_SECONDS,
): Promise<readonly Diagnosis[]> {
  const { signal } = examination.context;
  const begun = new Map<string, Promise<Diagnosis>>();
  for (const { id, group, needs = [], run } of checks) {
    const before = needs.map((need) => {
      const other = begun.get(need);
      if (other === undefined) throw new Error(`the check ${id} needs ${need}, which is not before it`);
      return other;
    });
    const diagnose = async (): Promise<Diagnosis> => {
      const missing = (await Promise.all(before)).find(({ state }) => !CARRIES[state]);
      if (missing !== undefined) return { id, group, ...skipped(explainSkip(missing)) };
      throwIfStopped(signal);
      const verdict = await answerWithin(
        patienceSeconds,
        `no answer in ${patienceSeconds} s`,
        run(examination),
      ).catch(explainFailure);
      return { id, group, ...verdict };
    };
    begun.set(id, diagnose());
  }
  const settled = await Promise.allSettled(begun.values());
  throwIfStopped(signal);
  return settled.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}

/** Whether a check that ended like this carries those that need it. */
const CARRIES: Readonly<Record<State, boolean>> = { ok: true, warning: true, problem: false, skipped: false };

function explainSkip({ id, state }: Diagnosis): string {
  return `it needs ${id}, which ${state === "problem" ? "has a problem" : "was skipped"}`;
}

function explainFailure(thrown: unknown): Verdict {
  if (thrown instanceof TenantryError) {
    const { message, details, hint } = thrown;
    const more = details.length === 0 ? "" : ` (${details.slice(0, 3).join("; ")})`;
    return problem(`${message.replace(/\.$/, "")}${more}`, hint ?? "See docs/operations.md.");
  }
  const code = codeOf(thrown);
  return problem(
    `the check itself failed: ${messageOf(thrown)}${code === undefined ? "" : ` (${code})`}`,
    "If nothing else here explains it, it is a bug in tenantry; please report it.",
  );
}
