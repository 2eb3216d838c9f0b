import { countOf } from "../../core/count-of.js";
import type { Look, Paint } from "../paint.js";
import { wrapText } from "../wrap-text.js";
import type { State } from "./check.js";
import { GROUPS } from "./check.js";
import type { Diagnosis } from "./run-checks.js";

/** How many checks ended in each way. */
export type Tally = Readonly<Record<State, number>>;

const LOOKS: Readonly<Record<State, Look>> = {
  ok: "green",
  warning: "yellow",
  problem: "red",
  skipped: "dim",
};

/** Columns of the state, of the check's name, and of what stands before both. */
const STATE = 9;
const NAME = 20;
const MARGIN = 2;

/** Counts them. */
export function tallyDiagnoses(diagnoses: readonly Diagnosis[]): Tally {
  const count = (state: State) => diagnoses.filter((each) => each.state === state).length;
  return { ok: count("ok"), warning: count("warning"), problem: count("problem"), skipped: count("skipped") };
}

/** What the doctor says to a person, 80 columns wide: each check by its group, then the sum. */
export function formatDiagnoses(diagnoses: readonly Diagnosis[], paint: Paint): string {
  const groups = GROUPS.flatMap((group) => {
    const members = diagnoses.filter((each) => each.group === group);
    if (members.length === 0) return [];
    return [[paint("bold", group), ...members.map((each) => formatOne(each, paint))].join("\n")];
  });
  return [...groups, summarize(tallyDiagnoses(diagnoses))].join("\n\n");
}

function formatOne({ id, state, detail, fix }: Diagnosis, paint: Paint): string {
  const indent = MARGIN + STATE + NAME;
  const lines = [detail, ...(fix === undefined ? [] : [`fix: ${fix}`])].flatMap((text) =>
    wrapText(text, indent),
  );
  const [first = "", ...rest] = lines;
  const head = `${" ".repeat(MARGIN)}${paint(LOOKS[state], state)}${" ".repeat(STATE - state.length)}${id.padEnd(NAME)}`;
  return [`${head}${first}`, ...rest.map((line) => " ".repeat(indent) + line)].join("\n");
}

function summarize({ ok, warning, problem, skipped }: Tally): string {
  const parts = [countOf(problem, "problem"), countOf(warning, "warning"), `${ok} ok`, `${skipped} skipped`];
  return `${parts.join(", ")}.`;
}
