import type { Judge, Judgement } from "../../isolation/create-judge.js";

/** The audits of a run, as far as it has come. */
export type RunAudit = {
  readonly judge: Judge;
  readonly start: Judgement;
  /** Before the next migration; kept up to date. */
  readonly latest: { judgement: Judgement };
  /** True if nobody's rows can be in the tables yet: then only the end of the run counts. */
  readonly isFresh: boolean;
};
