import { cutText } from "./cut-text.js";
import { printable } from "./shell/printable.js";

/** The graph of a folder, as far as it is drawn. */
export type DrawnGraph = {
  /** In the order in which they are applied: each after its parents. */
  readonly names: readonly string[];
  readonly parents: ReadonlyMap<string, readonly string[]>;
  readonly heads: readonly string[];
};

/** Columns of a terminal that nobody has made wider. */
const WIDTH = 80;

/** Of a longer row without branches, only both ends are drawn. */
const LONGEST_ROW = 6;

/**
 * Draws a graph of migrations, at most 80 columns wide: what all heads have in common as one row, then the branches as a
 * tree. A migration that joins several names all but the one above it.
 *
 * @param all draws long rows whole.
 */
export function formatHeads(graph: DrawnGraph, all: boolean): string {
  const common = commonNames(graph);
  const trunk = graph.names.filter((name) => common.has(name));
  const below = new Map<string | undefined, string[]>();
  for (const name of graph.names) {
    if (common.has(name)) continue;
    const parent = lastParent(graph, name);
    const key = parent !== undefined && common.has(parent) ? undefined : parent;
    below.set(key, [...(below.get(key) ?? []), name]);
  }
  const lines: string[] = [];
  const drawRow = (row: readonly string[], first: string, rest: string, above: string | undefined) => {
    const labels = row.map((name, index) => labelOf(graph, name, row[index - 1] ?? above));
    const shown =
      all || row.length <= LONGEST_ROW
        ? labels
        : [...labels.slice(0, 2), `⋮ ${row.length - 4} more`, ...labels.slice(-2)];
    lines.push(...shown.map((label, index) => cutText(`${index === 0 ? first : rest}${label}`, WIDTH)));
  };
  const drawBranches = (parent: string | undefined, prefix: string, above: string | undefined) => {
    const branches = below.get(parent) ?? [];
    for (const [index, branch] of branches.entries()) {
      const row = [branch];
      for (let next = below.get(branch) ?? []; next.length === 1; next = below.get(row.at(-1)) ?? []) {
        row.push(...next);
      }
      const isLast = index === branches.length - 1;
      const rest = `${prefix}${isLast ? "   " : "│  "}`;
      drawRow(row, `${prefix}${isLast ? "└─ " : "├─ "}`, rest, above);
      drawBranches(row.at(-1), rest, row.at(-1));
    }
  };
  drawRow(trunk, "", "", undefined);
  drawBranches(undefined, "", trunk.at(-1));
  return lines.join("\n");
}

/** What every head builds on. */
function commonNames({ names, parents, heads }: DrawnGraph): ReadonlySet<string> {
  const leadsTo = new Map<string, Set<string>>(heads.map((head) => [head, new Set([head])]));
  for (const name of [...names].reverse()) {
    for (const parent of parents.get(name) ?? []) {
      leadsTo.set(parent, new Set([...(leadsTo.get(parent) ?? []), ...(leadsTo.get(name) ?? [])]));
    }
  }
  return new Set(names.filter((name) => leadsTo.get(name)?.size === heads.length));
}

/** Of several, the one that is applied last. */
function lastParent({ names, parents }: DrawnGraph, name: string): string | undefined {
  const own = parents.get(name) ?? [];
  return own.length < 2 ? own[0] : names.findLast((other) => own.includes(other));
}

function labelOf({ parents, heads }: DrawnGraph, name: string, above: string | undefined): string {
  const others = (parents.get(name) ?? []).filter((parent) => parent !== above);
  const relation = others.length === (parents.get(name) ?? []).length ? "after" : "joins";
  return [
    printable(name),
    ...(heads.includes(name) ? ["(head)"] : []),
    ...(others.length > 0 ? [`(${relation} ${others.map(printable).join(", ")})`] : []),
  ].join(" ");
}
