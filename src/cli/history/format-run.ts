import { countOf } from "../../core/count-of.js";
import type { LoggedMigration, LoggedRun } from "../../migrate/history/logged-run.js";
import { formatDuration, formatMoment } from "../format-moment.js";
import { wrapText } from "../wrap-text.js";
import { originOf, tookOf } from "./format-history.js";

/** One run for people: what it was, and how long each migration and each of its statements took. */
export function formatRun(run: LoggedRun, migrations: readonly LoggedMigration[]): string {
  const facts: readonly (readonly [string, string])[] = [
    ["run", `${run.id}: ${run.command}, ${run.outcome}`],
    ["began", formatMoment(run.startedAt)],
    ["ended", run.finishedAt === null ? "not recorded" : formatMoment(run.finishedAt)],
    ["took", tookOf(run)],
    ["origin", originOf(run)],
    ["environment", run.environment ?? "not recorded"],
    ["locks", `waited ${formatDuration(run.lockWaitMs)}, retried ${countOf(run.retries, "time")}`],
    ...(run.error === null ? [] : [["error", `${run.error} (${run.errorCode ?? "unknown"})`] as const]),
    ...(run.backupRef === null ? [] : [["backup", run.backupRef] as const]),
    ...(run.accepted === null ? [] : [["accepted", JSON.stringify(run.accepted)] as const]),
    ...(run.fingerprint === null ? [] : [["fingerprint", run.fingerprint] as const]),
  ];
  return [
    facts.flatMap(([name, value]) => formatFact(name, value)).join("\n"),
    ...(migrations.length === 0 ? ["It applied nothing."] : migrations.map(formatMigration)),
  ].join("\n\n");
}

function formatFact(name: string, value: string): string[] {
  return wrapText(value, 13).map((line, index) => `${(index === 0 ? name : "").padEnd(13)}${line}`);
}

function formatMigration(migration: LoggedMigration): string {
  const { name, mode, outcome, milliseconds, lockWaitMs, attempts, statements } = migration;
  const how = mode === "steps" ? "step by step" : "one transaction";
  const waited = lockWaitMs === 0 ? "" : `, waited ${formatDuration(lockWaitMs)} for locks`;
  const tries = attempts === 1 ? "" : `, ${attempts} attempts`;
  return [
    name,
    ...wrapText(`${outcome} in ${formatDuration(milliseconds)}, ${how}${tries}${waited}`, 2).map(
      (line) => `  ${line}`,
    ),
    ...statements.map(
      (each) => `  line ${String(each.line).padStart(4)}  ${formatDuration(each.milliseconds)}`,
    ),
  ].join("\n");
}
