import { countOf } from "../../core/count-of.js";
import type { Finding } from "../../core/finding.js";
import { VERIFY_SQL_RULE } from "../../migrate/verify/judge-verify-sql.js";
import type { Attacks, Report, Verdict } from "./report.js";
import { listUnread } from "./report.js";

/** Rules whose errors say that something is not as it should be, and not that a tenant can get at another's rows. */
const DIFFERENT: ReadonlySet<string> = new Set([
  "drift",
  "table-missing",
  "constraint-not-validated",
  "row-orphaned",
  "index-invalid",
  "trigger-inactive",
  VERIFY_SQL_RULE,
]);

/** Rules whose errors say that a proof did not come about. */
const UNPROVEN: ReadonlySet<string> = new Set(["probe-failed", "probe-outage"]);

/** Without these parts nothing is proven; the others are told for the record. */
const PROOFS: ReadonlySet<string> = new Set(["The attacks", "The comparison with the code", "The rows"]);

/** True for an error by which a tenant may get at another's rows. */
export function isAboutIsolation({ level, rule }: Finding): boolean {
  return level === "error" && !DIFFERENT.has(rule) && !UNPROVEN.has(rule);
}

/**
 * What a report comes to, in one sentence.
 *
 * @param isAttackWanted false if nobody asked for attacks; they are then no proof that is missing.
 */
export function judgeReport(report: Omit<Report, "verdict">, isAttackWanted: boolean): Verdict {
  const errors = report.findings.filter(({ level }) => level === "error");
  const leaks = errors.filter(isAboutIsolation);
  const { database } = report.server;
  if (leaks.length > 0) {
    const subjects = new Set(leaks.map(({ subject }) => subject));
    const sentence = `${database} is not isolated: ${countOf(leaks.length, "error")} in ${countOf(subjects.size, "place")} by which one tenant may get at another's rows.`;
    return { state: "not isolated", sentence };
  }
  const different = errors.filter(({ rule }) => DIFFERENT.has(rule));
  if (different.length > 0) {
    const sentence = `No way from one tenant to another was found, but ${database} is not what the code demands: ${countOf(different.length, "error")}.`;
    return { state: "different", sentence };
  }
  const wanting = listUnread({ ...report, verdict: { state: "not proven", sentence: "" } })
    .map(({ part }) => part)
    .filter((part) => PROOFS.has(part) && (isAttackWanted || part !== "The attacks"));
  const unproven = errors.filter(({ rule }) => UNPROVEN.has(rule)).length;
  if (wanting.length > 0 || unproven > 0) {
    const why =
      wanting.length > 0
        ? `${listInWords(wanting.map((part) => part.toLowerCase()))} could not be read`
        : `${countOf(unproven, "attack")} ended in a way that proves nothing`;
    return {
      state: "not proven",
      sentence: `No leak was found in ${database}, but that proves too little: ${why}.`,
    };
  }
  return { state: "isolated", sentence: `${database} is isolated: ${describeProof(report)}.` };
}

function describeProof({ tables, attacks }: Omit<Report, "verdict">): string {
  const all = `no check found a leak in ${countOf(tables.length, "table")}`;
  if (!attacks.read) return `${all}; no attack was tried`;
  const { held, open } = countAttacks(attacks);
  const untried = open === 0 ? "" : `, and ${open} could not be tried`;
  return `${all}, and ${countOf(held, "attack")} on ${attacks.on === "shadow" ? "a shadow of it" : "the database itself"} did not get through${untried}`;
}

/** How many attacks held, and how many could not be tried or proved nothing. */
export function countAttacks({ matrix }: Pick<Attacks, "matrix">): {
  readonly held: number;
  readonly failed: number;
  readonly open: number;
} {
  const results = Object.values(matrix).flatMap((row) => Object.values(row));
  const of = (...wanted: readonly string[]) => results.filter((result) => wanted.includes(result)).length;
  return { held: of("held"), failed: of("leaked", "outage"), open: of("not possible", "error") };
}

function listInWords(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
