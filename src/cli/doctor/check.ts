import type { Examination } from "./examination.js";

/** How a check ended: a problem stops somebody's work, a warning may, and what is skipped was not looked at. */
export type State = "ok" | "warning" | "problem" | "skipped";

/** What a check has to say. */
export type Verdict = {
  readonly state: State;
  /** What was found, or why nothing was looked at; no full stop, no secrets. */
  readonly detail: string;
  /** What to run or edit next. */
  readonly fix?: string | undefined;
};

/** What a check is about; the headings of what the doctor prints, in their order. */
export const GROUPS = ["This machine", "The project", "The database", "Services"] as const;

/** One of {@link GROUPS}. */
export type Group = (typeof GROUPS)[number];

/** One thing that a newcomer may have wrong. */
export type Check = {
  /** In kebab-case; programs that read `--json` refer to it. */
  readonly id: string;
  readonly group: Group;
  /** Checks without which this one makes no sense: it is skipped unless they are ok or warn. */
  readonly needs?: readonly string[];
  /** Changes nothing. What it throws is a problem, by its message and hint. */
  readonly run: (examination: Examination) => Promise<Verdict>;
};

/** All is well. */
export function ok(detail: string): Verdict {
  return { state: "ok", detail };
}

/** It works, and somebody should look at it. */
export function warning(detail: string, fix: string): Verdict {
  return { state: "warning", detail, fix };
}

/** Something will not work. */
export function problem(detail: string, fix: string): Verdict {
  return { state: "problem", detail, fix };
}

/** There is nothing to look at, for this reason. */
export function skipped(reason: string, fix?: string): Verdict {
  return { state: "skipped", detail: reason, fix };
}
