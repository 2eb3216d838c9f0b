import { countOf } from "../../core/count-of.js";
import type { LoggedRun } from "../../migrate/history/logged-run.js";
import type { History } from "../../migrate/history/read-history.js";
import { formatDuration, formatMoment } from "../format-moment.js";
import { formatTable } from "../format-table.js";
import { wrapText } from "../wrap-text.js";

/**
 * The run log for people, the newest first, and what others have applied.
 *
 * @param limit how many of the latter.
 */
export function formatHistory({ hasLog, runs, older, others }: History, limit: number): string {
  const log = !hasLog
    ? ["There is no run log yet: the first tenantry migrate begins it."]
    : runs.length === 0
      ? ["The run log is empty."]
      : [formatRuns(runs)];
  const more =
    older === 0 ? [] : [`${countOf(older, "older run")}: tenantry history --limit ${runs.length + older}`];
  return [...log, ...more, ...formatOthers(others, limit)].join("\n\n");
}

function formatRuns(runs: readonly LoggedRun[]): string {
  const [heading = "", ...lines] = formatTable({
    headings: ["RUN", "WHEN", "COMMAND", "ENVIRONMENT", "APPLIED", "TOOK", "OUTCOME"],
    rows: runs.map((run) => [
      run.id,
      formatMoment(run.startedAt),
      run.command,
      run.environment ?? "-",
      String(run.applied),
      tookOf(run),
      run.outcome,
    ]),
  }).split("\n");
  const indent = Math.max(3, ...runs.map(({ id }) => id.length)) + 2;
  return [
    heading,
    ...runs.flatMap((run, index) => [
      lines[index] ?? "",
      ...wrapText(originOf(run), indent).map((line) => `${" ".repeat(indent)}${line}`),
      ...(run.backupRef === null
        ? []
        : wrapText(`backup: ${run.backupRef}`, indent).map((line) => `${" ".repeat(indent)}${line}`)),
      ...(run.error === null
        ? []
        : wrapText(run.error, indent).map((line) => `${" ".repeat(indent)}${line}`)),
    ]),
  ].join("\n");
}

/** Who has run it, where, and with what. */
export function originOf({ role, host, version, gitRevision }: LoggedRun): string {
  const revision = gitRevision === null ? "" : `, git ${gitRevision.slice(0, 12)}`;
  return `by ${role}${host === null ? "" : ` on ${host}`}, tenantry ${version}${revision}`;
}

/** How long it took; a run that has not ended has no duration. */
export function tookOf({ startedAt, finishedAt }: LoggedRun): string {
  return finishedAt === null ? "-" : formatDuration(finishedAt.getTime() - startedAt.getTime());
}

function formatOthers(others: History["others"], limit: number): string[] {
  if (others.length === 0) return [];
  const table = formatTable({
    headings: ["WHEN", "MIGRATION"],
    rows: others
      .slice(-limit)
      .map(({ name, hash, appliedAt }) => [
        appliedAt === null ? "not recorded" : formatMoment(appliedAt),
        name === "" ? `without a name, hash ${hash.slice(0, 12)}` : name,
      ]),
  });
  const earlier = others.length - limit;
  const hidden = earlier <= 0 ? "" : `\n\n${earlier} earlier: tenantry history --limit ${others.length}`;
  return [`Applied by another tool, or before there was a log (from the ledger):\n\n${table}${hidden}`];
}
