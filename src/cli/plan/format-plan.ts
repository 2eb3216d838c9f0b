import { countOf } from "../../core/count-of.js";
import { formatSize } from "../../migrate/observe/format-quantity.js";
import { blockedBy } from "../../migrate/observe/lock-mode.js";
import type {
  MigrationReport,
  PlanReport,
  StatementReport,
  Verdict,
} from "../../migrate/observe/plan-report.js";
import type { Look, Paint } from "../paint.js";
import { wrapText } from "../wrap-text.js";

/** A plan for people, 80 columns wide where names are not longer. */
export function formatPlan(report: PlanReport, paint: Paint): string {
  const statements = report.migrations.flatMap(remaining);
  const source =
    report.observedOn === null
      ? "Nothing was observed: locks are what the manual says of each statement's kind."
      : `Locks, rewrites and scans: observed on a shadow, PostgreSQL ${report.observedOn}.`;
  return [
    ...wrapText(`${source} Rows and sizes: estimates of the target.`, 0),
    ...report.migrations.flatMap((migration) => ["", ...formatMigration(migration, paint)]),
    "",
    ...wrapText(summarize(report.migrations.length, statements), 0),
  ].join("\n");
}

function formatMigration(migration: MigrationReport, paint: Paint): string[] {
  const { file, state, oneTransaction, statements, done, holds } = migration;
  const how = oneTransaction ? "in one transaction" : "step by step";
  return [
    paint("bold", file),
    `${state}, ${countOf(statements.length, "statement")}, ${how}`,
    ...(done === 0 ? [] : [`an earlier run has applied the first ${countOf(done, "statement")}`]),
    ...remaining(migration).flatMap((statement) => ["", ...formatStatement(statement, paint)]),
    ...(holds.length === 0 ? [] : ["", ...holds.flatMap((hold) => formatField("", "held", hold))]),
  ];
}

/** Those that migrate would run. */
function remaining({ statements, done }: MigrationReport): readonly StatementReport[] {
  return statements.filter(({ number }) => number > done);
}

function formatStatement(statement: StatementReport, paint: Paint): string[] {
  const { number, what, verdict, notes, advice } = statement;
  const [first = "", ...rest] = wrapText(what, 6);
  const label = (name: string, text: string, look?: Look) =>
    formatField("      ", name, text).map((line) =>
      look === undefined ? line : paintText(line, look, paint),
    );
  return [
    `${String(number).padStart(4)}  ${paint("bold", first)}`,
    ...rest.map((line) => `      ${paint("bold", line)}`),
    ...label("locks", formatLocks(statement)),
    ...label("verdict", verdict.text, lookOf(verdict)),
    ...notes.flatMap((note) => label("note", note)),
    ...advice.flatMap(({ rule, detail }) =>
      label("squawk", `${rule.replace(/^squawk-/, "")}: ${detail.split(". ")[0]}`).map((line) =>
        paint("dim", line),
      ),
    ),
  ];
}

/** A field's name in a column of its own, its text beside it. */
function formatField(indent: string, name: string, text: string): string[] {
  const column = indent.length + 9;
  return wrapText(text, column).map(
    (line, index) => `${indent}${(index === 0 ? name : "").padEnd(9)}${line}`,
  );
}

/** Paints what stands behind the field's name. */
function paintText(line: string, look: Look, paint: Paint): string {
  return `${line.slice(0, 15)}${paint(look, line.slice(15))}`;
}

function formatLocks({ effects, tables, known, inTransaction }: StatementReport): string {
  const source = known === "observed" ? "" : inTransaction ? " (not observed)" : " (by its kind)";
  const tops = effects.locks.filter(({ partitionOf, table }) => {
    const top = effects.locks.find((one) => one.table === partitionOf);
    return top === undefined || top.mode !== effects.locks.find((one) => one.table === table)?.mode;
  });
  if (tops.length === 0) return `no existing table${source}`;
  const texts = tops.map(({ table, mode }) => {
    const size = tables.find((one) => one.table === table);
    const parts = effects.locks.filter(
      ({ partitionOf, mode: own }) => partitionOf === table && own === mode,
    ).length;
    const partitions = parts === 0 ? "" : ` and ${countOf(parts, "partition")}`;
    // A reader's or a writer's lock says nothing about the table's size.
    const matters = blockedBy(mode) !== "nothing" || mode === "SHARE UPDATE EXCLUSIVE";
    return `${mode} on ${table}${partitions}${size === undefined || !matters ? "" : ` (${formatSize(size)})`}`;
  });
  return `${texts.join("; ")}${source}`;
}

function lookOf({ class: kind, blocks, weight }: Verdict): Look {
  const works = kind === "rewrites" || kind === "reads" || kind === "builds";
  if (kind === "removes") return "red";
  if (works && blocks !== "nothing" && weight !== "small") return "red";
  if (kind === "instant" && blocks === "nothing") return "green";
  return kind === "instant" || (works && blocks === "nothing") ? "green" : "yellow";
}

function summarize(migrations: number, statements: readonly StatementReport[]): string {
  const of = (kind: Verdict["class"]) => statements.filter(({ verdict }) => verdict.class === kind).length;
  const blocking = statements.filter(
    ({ verdict }) => ["rewrites", "reads", "builds"].includes(verdict.class) && verdict.blocks !== "nothing",
  ).length;
  const parts = [
    `${of("instant")} instant`,
    ...(blocking === 0 ? [] : [`${blocking} that work while others wait`]),
    ...(of("changes-rows") === 0 ? [] : [`${of("changes-rows")} that change rows`]),
    ...(of("removes") === 0 ? [] : [`${of("removes")} that remove rows for good`]),
    ...(of("unknown") === 0 ? [] : [`${of("unknown")} that could not be judged`]),
  ];
  const all = `${countOf(migrations, "migration")}, ${countOf(statements.length, "statement")}`;
  return `${all}: ${parts.join(", ")}. Nothing was changed.`;
}
