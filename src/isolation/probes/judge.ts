import type { Outcome } from "./outcome.js";
import { HELD, leaked, notPossible } from "./outcome.js";
import type { Answer } from "./probe-session.js";

/** Insufficient privilege: a missing grant, or a policy's check of a new row. */
const REFUSED = "42501";

/** PL/pgSQL's own code of what a function raises. */
const RAISED = "P0001";

function unexpected(answer: Answer & { readonly ok: false }): Outcome {
  // RAISE EXCEPTION: somebody's own trigger stood before the policies, which proves nothing of them.
  if (answer.code === RAISED) return notPossible(`a trigger or function refused it first: ${answer.message}`);
  return { result: "error", reason: `the server said ${answer.code}: ${answer.message}` };
}

/** What an answer to an attack means. Only what was expected counts as held. */
export const judge = {
  unexpected,
  /** True if it was refused for want of a privilege. */
  isRefused: (answer: Answer): boolean => !answer.ok && answer.code === REFUSED,
  /** True if a key, a reference or another constraint stopped it: policies had let it pass before. */
  isConstraint: (answer: Answer): boolean => !answer.ok && answer.code.startsWith("23"),
  /** Must find or change nothing. `others` are further codes that mean that it was refused. */
  nothing: (answer: Answer, evidence: string, others: readonly string[] = []): Outcome => {
    if (answer.ok) return answer.count === 0 ? HELD : leaked(evidence);
    if (answer.code === REFUSED || others.includes(answer.code)) return HELD;
    if (answer.code.startsWith("23")) {
      return leaked(`${evidence}; only the constraint ${answer.constraint ?? answer.code} stopped it`);
    }
    return unexpected(answer);
  },
  /** Must be possible. `others` are codes that mean that the policies allowed it. */
  possible: (answer: Answer, what: string, others: readonly string[] = []): Outcome => {
    if (answer.ok && answer.count > 0) return HELD;
    if (!answer.ok && others.includes(answer.code)) return HELD;
    const why = answer.ok ? "no row was affected" : `${answer.code}: ${answer.message}`;
    return { result: "outage", evidence: `${what}: ${why}` };
  },
  /** The gravest of some outcomes. */
  worst: (outcomes: readonly Outcome[]): Outcome => {
    for (const result of ["leaked", "outage", "error", "not possible", "held"] as const) {
      const found = outcomes.find((outcome) => outcome.result === result);
      if (found !== undefined) return found;
    }
    return outcomes[0] ?? { result: "not applicable", reason: "nothing to try" };
  },
};
