import { countOf } from "../../core/count-of.js";
import { qualify, quoteIdentifier, quoteLiteral } from "../../core/identifiers.js";
import { convertedName } from "../folder/converted-name.js";
import type { Migration } from "../folder/migration.js";
import { createLedgerSql } from "../ledger/ledger.js";
import type { LedgerPlace, LedgerShape } from "../ledger/ledger-shape.js";
import { forgetCheckpoints, ledgerName } from "../run/checkpoints.js";
import { DEFAULT_TIMEOUTS, setTimeouts, timeoutsOf } from "../run/timeouts.js";
import { beginSql, resetSql } from "../run/transaction-sql.js";
import { groupSteps } from "../statements/group-steps.js";
import { listStatements } from "../statements/list-statements.js";
import { needsSteps } from "../statements/needs-steps.js";
import type { MigrationReport, PlanReport } from "./plan-report.js";

/** What is printed. */
export type PrintRequest = {
  readonly report: PlanReport;
  readonly pending: readonly Migration[];
  readonly adminRole: string;
  readonly ledger: LedgerPlace;
  /** Of the target's ledger; undefined if there is none. */
  readonly shape: LedgerShape | undefined;
};

/**
 * The SQL that would run, in order, each statement below what is known of it; for psql, which stops at the first error. It
 * leaves out what only the runner can do: its lock, its retries, the audit before COMMIT, checkpoints and the run log.
 */
export async function printSql(request: PrintRequest): Promise<string> {
  const { report, pending, adminRole, ledger, shape } = request;
  const isOld = pending.some(({ layout }) => layout === "journal");
  const target = shape ?? (isOld ? "unnamed" : "named");
  const blocks = await Promise.all(
    pending.map(async (migration, index) => {
      const known = report.migrations[index];
      const body =
        known?.oneTransaction !== false && (await needsSteps(migration)) === undefined
          ? printTransaction(migration, known, adminRole, record(migration, ledger, target))
          : await printSteps(migration, known, adminRole, [
              record(migration, ledger, target),
              ...forget(migration, known, ledger),
            ]);
      return [`-- ${migration.name}`, close(resetSql("")), ...body].join("\n");
    }),
  );
  const create =
    shape === undefined
      ? [
          `create schema if not exists ${quoteIdentifier(ledger.schema)};\n${createLedgerSql(ledger, target)};`,
        ]
      : [];
  return [
    "-- Written by tenantry plan. Without the migration lock, the retries, the audit and the run log of tenantry migrate.\n\\set ON_ERROR_STOP on",
    ...create,
    ...blocks,
  ].join("\n\n");
}

function record(migration: Migration, ledger: LedgerPlace, shape: LedgerShape): string {
  const table = qualify(ledger.schema, ledger.table);
  const [hash, time] = [quoteLiteral(migration.hash), String(migration.createdAt)];
  return shape === "named"
    ? `insert into ${table} (hash, created_at, name) values (${hash}, ${time}, ${quoteLiteral(convertedName(migration))});`
    : `insert into ${table} (hash, created_at) values (${hash}, ${time});`;
}

/** What an earlier run has written down of a migration that is then done. */
function forget(migration: Migration, known: MigrationReport | undefined, ledger: LedgerPlace): string[] {
  if (known === undefined || known.done === 0) return [];
  return [`${forgetCheckpoints({ ledger: ledgerName(ledger), migration: migration.name })};`];
}

function printTransaction(
  migration: Migration,
  known: MigrationReport | undefined,
  adminRole: string,
  ending: string,
): string[] {
  const timeouts = timeoutsOf(migration.directives, DEFAULT_TIMEOUTS);
  return [
    close(beginSql({ adminRole, timeouts, isDurable: true })),
    ...(known?.statements ?? []).flatMap(({ number, sql }) => [comment(known, number), close(sql)]),
    "reset session authorization; reset role;",
    ending,
    "commit;",
  ];
}

async function printSteps(
  migration: Migration,
  known: MigrationReport | undefined,
  adminRole: string,
  ending: readonly string[],
): Promise<string[]> {
  const timeouts = timeoutsOf(migration.directives, DEFAULT_TIMEOUTS);
  const statements = await listStatements(migration);
  const each = migration.directives.noTransaction;
  const done = known?.done ?? 0;
  const settings = statements.slice(0, done).filter(({ setsSession }) => setsSession);
  const steps = groupSteps(statements, { each, from: done + 1 }).flatMap(
    ({ kind, modes, statements: inside }) => {
      const lines = inside.flatMap((statement) => [
        comment(known, statements.indexOf(statement) + 1),
        close(statement.text),
      ]);
      if (kind === "alone") return [`${setTimeouts("set", timeouts)};`, ...lines];
      return [close(beginSql({ adminRole, timeouts, modes, isDurable: true })), ...lines, "commit;"];
    },
  );
  return [
    ...(done === 0 ? [] : [`-- An earlier run has applied its first ${countOf(done, "statement")}.`]),
    ...settings.map(({ text }) => close(text)),
    ...steps,
    "reset session authorization; reset role;",
    ...ending,
  ];
}

/** A statement's line before it: what it is, and what it will mean. */
function comment(known: MigrationReport | undefined, number: number): string {
  const statement = known?.statements[number - 1];
  if (statement === undefined) return "";
  return `-- ${number}: ${statement.what}: ${statement.verdict.text}`.replaceAll(/\s+/g, " ");
}

/** Ends a statement, behind a comment that it may end with. */
function close(sql: string): string {
  const text = sql.trimEnd();
  const last = text.slice(text.lastIndexOf("\n") + 1);
  if (last.includes("--")) return `${text}\n;`;
  return text.endsWith(";") ? text : `${text};`;
}
