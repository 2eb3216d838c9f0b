import { judge } from "../judge.js";
import type { Outcome } from "../outcome.js";
import { HELD, leaked } from "../outcome.js";
import type { Probe } from "../probe.js";
import { isTenantTarget } from "../probe.js";
import type { Answer } from "../probe-session.js";
import type { ShapeKey } from "../table-shape.js";
import { attackKeys } from "./key-attack.js";

const FIX =
  "Put the tenant column in front of the key, or declare the exception key-not-tenant-leading with a reason.";

/** A unique violation tells that another tenant has the value. */
export const learnFromKeys: Probe = {
  id: "probe-unique",
  threats: [59, 64],
  title: "a key tells one tenant of another's values",
  fix: FIX,
  applies: (target) => isTenantTarget(target) && target.shape.keys.length > 0,
  attack: (context) => attackKeys(context, () => [{ tail: "", judge: judgeInsert }]),
};

/** ON CONFLICT tells the same without an error, or reaches the hidden row. */
export const upsertOverRows: Probe = {
  id: "probe-upsert",
  threats: [60, 61],
  title: "ON CONFLICT meets a hidden row of another tenant",
  fix: FIX,
  applies: (target) => isTenantTarget(target) && target.shape.keys.some((key) => !key.isExclusion),
  attack: (context) =>
    attackKeys(context, (key) => [
      // By its own parts: else the row could be left out for another key's sake.
      { tail: `on conflict ${key.isExclusion ? "" : `${targetOf(key)} `}do nothing`, judge: judgeUpsert },
      ...(key.isExclusion ? [] : updates(key, context.target.tenant)),
    ]),
};

function targetOf(key: ShapeKey): string {
  const predicate = key.predicate === null ? "" : ` where ${key.predicate}`;
  return `(${key.parts.map((part) => `(${part})`).join(", ")})${predicate}`;
}

function updates(key: ShapeKey, tenant: string) {
  const onto = `on conflict ${targetOf(key)}`;
  const set = `do update set ${tenant} = excluded.${tenant}`;
  // On servers that evaluate this WHERE before the policy (CVE-2026-120154), it hides the conflict or reads the row.
  return [`${onto} ${set}`, `${onto} ${set} where false`].map((tail) => ({
    tail,
    judge: judgeUpsert,
  }));
}

function judgeInsert(answer: Answer): Outcome {
  if (answer.ok) return HELD;
  // Before the key's own parts could meet: the row refers to another tenant's parent.
  if (answer.code === "23503") return HELD;
  if (answer.code === "23505" || answer.code === "23P01")
    return leaked(`${answer.constraint} is violated by another tenant's row`);
  return judge.unexpected(answer);
}

function judgeUpsert(answer: Answer): Outcome {
  if (answer.ok && answer.count === 1) return HELD;
  if (answer.ok) return leaked("the row was left out: another tenant has the key");
  if (answer.code === "42501") return leaked("the refusal tells that another tenant has the key");
  return judgeInsert(answer);
}
