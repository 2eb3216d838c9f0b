import type { ProbeReport } from "../../isolation/probes/probe-report.js";
import { formatTable } from "../format-table.js";

type Result = ProbeReport["results"][number]["outcome"]["result"];

/** How each result is drawn and counted, the gravest first. */
export const MARKS: readonly (readonly [Result, string, string])[] = [
  ["leaked", "L", "LEAKED: the attack worked"],
  ["outage", "O", "OUTAGE: services cannot use their own rows"],
  ["error", "!", "unclear: the server answered neither yes nor no"],
  ["not possible", "?", "not tried or not proven: the reason is among the findings"],
  ["held", "+", "held: refused, or nothing of another tenant was found"],
  ["not applicable", ".", "nothing there that this attack could be tried on"],
];

/** Columns of a terminal; what is piped is as wide. */
const WIDTH = 80;

/** A name is not cut shorter than this: rather, the attacks go below each other. */
const LEAST_NAME = 30;

/** Two spaces are between columns. */
const GAP = 2;

/**
 * What was attacked × the attacks, one character each, at most 80 columns wide, then what the characters and the columns
 * mean. Only marks that occur are explained, so that a clean run is short.
 */
export function formatMatrix({ matrix, results, notProbed }: ProbeReport): string {
  const probes = [...new Set(results.map(({ probe }) => probe))];
  const subjects = Object.keys(matrix).sort();
  const most = WIDTH - LEAST_NAME - GAP;
  const tables = chunk(probes, most).map((group, index) => {
    const first = index * most + 1;
    return formatTable({
      headings: ["ATTACKED", ruler(first, group.length)],
      widths: [WIDTH - GAP - Math.max(group.length, ruler(first, group.length).length)],
      rows: subjects.map((subject) => [
        subject,
        group.map((probe) => markOf(matrix[subject]?.[probe])).join(""),
      ]),
    });
  });
  const cells = subjects.flatMap((subject) => probes.map((probe) => markOf(matrix[subject]?.[probe])));
  const counts = MARKS.flatMap(([, mark, meaning]) => {
    const count = cells.filter((cell) => cell === mark).length;
    return count === 0 ? [] : [{ mark, count: String(count), meaning }];
  });
  const widest = Math.max(0, ...counts.map(({ count }) => count.length));
  const failed = probes.filter((probe) =>
    results.some((one) => one.probe === probe && ["leaked", "outage", "error"].includes(one.outcome.result)),
  );
  return [
    ...tables,
    "",
    ...counts.map(({ mark, count, meaning }) => `  ${mark} ${count.padStart(widest)} ${meaning}`),
    "",
    "Columns, each an attack that docs/rules.md explains under its name:",
    ...columnsOf(probes, failed),
    ...(notProbed.length === 0
      ? []
      : ["", "Not attacked at all:", ...notProbed.map(({ subject }) => `  ${subject}`)]),
  ].join("\n");
}

/** `1   5    10   15` above the columns that they number. */
function ruler(first: number, count: number): string {
  let line = "";
  for (let at = 0; at < count; at += 1) {
    const number = first + at;
    if ((number === first || number % 5 === 0) && line.length <= at) line = line.padEnd(at) + number;
  }
  return line;
}

/** The numbers and names of the columns, several in a line; a star where an attack did not hold. */
function columnsOf(probes: readonly string[], failed: readonly string[]): string[] {
  const digits = String(probes.length).length;
  const cells = probes.map(
    (probe, at) => `${failed.includes(probe) ? "*" : " "}${String(at + 1).padStart(digits)} ${probe}`,
  );
  const width = Math.max(0, ...cells.map((cell) => cell.length)) + GAP;
  const across = Math.max(1, Math.floor((WIDTH - 1) / width));
  const down = Math.ceil(cells.length / across);
  const lines = Array.from({ length: down }, (_, line) =>
    cells
      .filter((_cell, at) => at % down === line)
      .map((cell) => cell.padEnd(width))
      .join(""),
  );
  const star = failed.length === 0 ? [] : ["  * did not hold everywhere"];
  return [...lines.map((line) => ` ${line}`.trimEnd()), ...star];
}

function markOf(result: Result | undefined): string {
  return MARKS.find(([known]) => known === result)?.[1] ?? ".";
}

function chunk<T>(items: readonly T[], size: number): (readonly T[])[] {
  const groups: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}
