import type { ProbeReport } from "../../isolation/probes/probe-report.js";
import { formatTable } from "../format-table.js";

type Result = ProbeReport["results"][number]["outcome"]["result"];

const MARKS: Readonly<Record<Result, string>> = {
  held: "+",
  leaked: "L",
  outage: "O",
  error: "?",
  "not applicable": ".",
  "not possible": "x",
};

/** Probes in one row; more are put below. Leaves room for a name of 30 characters on 80 columns. */
const WIDTH = 46;

/**
 * Tables × probes, one character each, at most 80 columns wide; below, which probe each column is where it did not hold.
 */
export function formatMatrix({ matrix, results, notProbed }: ProbeReport): string {
  const probes = [...new Set(results.map(({ probe }) => probe))];
  const subjects = Object.keys(matrix).sort();
  const tables = chunk(probes, WIDTH).map((group, index) =>
    formatTable({
      headings: ["TABLE", `PROBES ${index * WIDTH + 1}-${index * WIDTH + group.length}`],
      widths: [30],
      rows: subjects.map((subject) => [
        subject,
        group.map((probe) => markOf(matrix[subject]?.[probe])).join(""),
      ]),
    }),
  );
  const counts = (result: Result) => results.filter(({ outcome }) => outcome.result === result).length;
  const failed = probes.flatMap((probe, index) =>
    results.some(
      (one) =>
        one.probe === probe && !["held", "not applicable", "not possible"].includes(one.outcome.result),
    )
      ? [`  ${index + 1} ${probe}`]
      : [],
  );
  const summary = [
    `+ ${counts("held")} held`,
    `L ${counts("leaked")} leaked`,
    `O ${counts("outage")} outages`,
    `? ${counts("error")} failed`,
    ...(counts("not possible") === 0 ? [] : [`x ${counts("not possible")} not possible`]),
    `. ${counts("not applicable")} not applicable`,
  ].join(", ");
  return [
    ...tables,
    summary,
    ...(failed.length === 0 ? [] : ["did not hold, by column:", ...failed]),
    ...(notProbed.length === 0 ? [] : [`not probed: ${notProbed.map(({ subject }) => subject).join(", ")}`]),
  ].join("\n");
}

function markOf(result: Result | undefined): string {
  return result === undefined ? " " : MARKS[result];
}

function chunk<T>(items: readonly T[], size: number): (readonly T[])[] {
  const groups: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}
