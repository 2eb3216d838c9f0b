import type { Node } from "libpg-query";
import type { RowEstimate } from "./estimate-rows.js";
import { formatNames, formatQuantity, formatRows } from "./format-quantity.js";
import type { Blocked, LockMode } from "./lock-mode.js";
import { blockedBy } from "./lock-mode.js";
import type { Effects } from "./observation.js";
import type { Verdict, Weight } from "./plan-report.js";
import type { TableSize } from "./read-target-tables.js";

/** What a verdict is made from. */
export type Evidence = {
  readonly node: Node;
  readonly effects: Effects;
  readonly inTransaction: boolean;
  /** By name; what the target does not have is not there. */
  readonly sizes: ReadonlyMap<string, TableSize>;
  /** Of a data statement. */
  readonly estimate?: RowEstimate | undefined;
};

const [MEGABYTE, GIGABYTE] = [1024 ** 2, 1024 ** 3];

/**
 * Our own lines, rough on purpose: below 10 MB or 10,000 changed rows hardly anybody notices; above 1 GB or a million rows
 * somebody should have thought about it. How long it takes depends on the server, and is not said.
 */
const SMALL = { bytes: 10 * MEGABYTE, rows: 10_000 };
const LARGE = { bytes: GIGABYTE, rows: 1_000_000 };

/** What a statement will mean for those who use the target. */
export function judgeStatement(evidence: Evidence): Verdict {
  const { effects, inTransaction } = evidence;
  const blocks = whoWaits(effects);
  const { class: kind, weight, work } = judgeWork(evidence);
  const waiting = describeWaiting(effects);
  const outside = inTransaction ? "" : ", outside of a transaction";
  if (effects.unsure !== undefined && work === undefined) {
    const held = waiting === undefined ? "" : `; blocks ${waiting}`;
    return {
      class: "unknown",
      blocks,
      weight: "unknown",
      text: `not observed: ${effects.unsure}${held}${outside}`,
    };
  }
  if (work === undefined) {
    const until = inTransaction ? " until COMMIT" : "";
    const text = waiting === undefined ? "instant; blocks nothing" : `instant; blocks ${waiting}${until}`;
    return { class: "instant", blocks, weight: "none", text: `${text}${outside}` };
  }
  const rowsOnly = kind === "changes-rows" ? "blocks nothing but these rows until COMMIT" : "blocks nothing";
  const until = inTransaction ? "until COMMIT" : "meanwhile";
  const text = `${work}; ${waiting === undefined ? rowsOnly : `blocks ${waiting} ${until}`}${outside}`;
  const more = effects.unsure === undefined ? "" : `; ${effects.unsure}`;
  return { class: kind, blocks, weight, text: `${text}${more}` };
}

type Work = { readonly class: Verdict["class"]; readonly weight: Weight; readonly work: string | undefined };

function judgeWork({ node, effects, sizes, estimate }: Evidence): Work {
  const { rewrites, scans, indexed, removes } = effects;
  const size = (names: readonly string[]) => formatQuantity(names, sizes);
  if (estimate !== undefined) return judgeRows(node, estimate);
  if (removes.length > 0)
    return { class: "removes", weight: "none", work: `removes the rows of ${size(removes)} for good` };
  const parts = [
    ...(rewrites.length === 0 ? [] : [`rewrites ${size(rewrites)}`]),
    ...(indexed.length === 0 ? [] : [`builds indexes of ${size(indexed)}`]),
    ...(readOnly(effects).length === 0 ? [] : [`reads ${size(readOnly(effects))}`]),
  ];
  if (parts.length === 0) return { class: "instant", weight: "none", work: undefined };
  const weight = weigh(new Set([...rewrites, ...indexed, ...scans]), sizes);
  const kind = rewrites.length > 0 ? "rewrites" : indexed.length > 0 ? "builds" : "reads";
  return { class: kind, weight, work: parts.join(", ") };
}

/** Building an index reads its table, too; that needs no word. */
function readOnly({ scans, indexed }: Effects): string[] {
  return scans.filter((table) => !indexed.includes(table));
}

function judgeRows(node: Node, estimate: RowEstimate): Work {
  const verb = "InsertStmt" in node ? "adds" : "DeleteStmt" in node ? "deletes" : "changes";
  const where = "InsertStmt" in node ? "to" : "of";
  if ("rows" in estimate) {
    const { rows, table } = estimate;
    const weight = rows < SMALL.rows ? "small" : rows < LARGE.rows ? "medium" : "large";
    return { class: "changes-rows", weight, work: `${verb} ${formatRows(rows)} ${where} ${table}` };
  }
  const work = `${verb} rows ${where} ${estimate.table}, how many is not known`;
  return { class: "changes-rows", weight: "unknown", work };
}

function weigh(tables: ReadonlySet<string>, sizes: ReadonlyMap<string, TableSize>): Weight {
  let bytes = 0;
  for (const table of tables) {
    const size = sizes.get(table);
    if (size === undefined) return "unknown";
    bytes += size.bytes;
  }
  return bytes < SMALL.bytes ? "small" : bytes < LARGE.bytes ? "medium" : "large";
}

function whoWaits({ locks }: Effects): Blocked {
  const all = new Set(locks.map(({ mode }) => blockedBy(mode)));
  return all.has("reads and writes") ? "reads and writes" : all.has("writes") ? "writes" : "nothing";
}

/** Such as `reads and writes of a, writes to b`; undefined if nobody waits. */
function describeWaiting({ locks }: Effects): string | undefined {
  const of = (wanted: Blocked) =>
    formatNames(locks.filter(({ mode }: { readonly mode: LockMode }) => blockedBy(mode) === wanted));
  const [all, writes] = [of("reads and writes"), of("writes")];
  const parts = [
    ...(all === "" ? [] : [`reads and writes of ${all}`]),
    ...(writes === "" ? [] : [`writes to ${writes}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}
