import type { Transaction } from "../../catalog/grants-json.js";
import { TenantryError } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import { formatFinding } from "../../core/finding.js";
import { excerptSql } from "../../core/sql-excerpt.js";
import type { Judge, Judgement } from "../../isolation/create-judge.js";
import type { ParsedStatement } from "../../isolation/sql/parse-migration.js";
import { loadSqlParser, parseMigration } from "../../isolation/sql/parse-migration.js";
import type { Database } from "../../postgres/connect.js";
import type { Migration } from "../folder/migration.js";
import type { BlameRequest } from "./find-blame.js";
import { findBlame, isKnown } from "./find-blame.js";

/** Thrown inside a migration's transaction, to roll it back: these findings are its doing. */
export class UnprotectedError extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super("the migration leaves something unprotected");
    this.findings = findings;
  }
}

/**
 * Judges what a migration has done, on its own transaction, before COMMIT.
 *
 * @throws UnprotectedError which rolls it back.
 */
export async function auditTransaction(
  session: Database | Transaction,
  judge: Judge,
  request: Omit<BlameRequest, "after">,
): Promise<Judgement> {
  const after = await judge(session);
  const findings = findBlame({ ...request, after });
  if (findings.length > 0) throw new UnprotectedError(findings);
  return after;
}

/** More statements than anybody wants to wait for: each is followed by an audit. */
const MOST_STATEMENTS = 500;

/**
 * Says which statement is to blame: the migration is run once more, with an audit after every statement, and rolled back
 * again. For each finding, the statement after which it was there to stay.
 *
 * @param session one connection, without a transaction.
 * @param begin opens the transaction as the migration's own was.
 */
export async function explainUnprotected(
  session: Database,
  migration: Migration,
  { findings }: UnprotectedError,
  judge: Judge,
  begin: string,
): Promise<TenantryError> {
  const blamed = await findStatements(session, migration, findings, judge, begin);
  const details = findings.flatMap((finding, index) => {
    const statement = blamed[index];
    return [
      formatFinding(finding),
      ...(statement === undefined
        ? []
        : [`by ${migration.file}:${statement.line}: ${excerptSql(statement.text, undefined).join("")}`]),
    ];
  });
  const subjects = [...new Set(findings.map(({ subject }) => subject))];
  return new TenantryError({
    code: "isolation",
    message: `Migration ${migration.name} would leave ${subjects.join(", ")} unprotected; it was rolled back.`,
    details,
    hint: `Nothing of it was applied. Correct ${migration.file}: what it takes away it must give back before it ends.`,
  });
}

async function findStatements(
  session: Database,
  migration: Migration,
  findings: readonly Finding[],
  judge: Judge,
  begin: string,
): Promise<(ParsedStatement | undefined)[]> {
  const blamed: (ParsedStatement | undefined)[] = findings.map(() => undefined);
  try {
    await loadSqlParser();
    const statements = parseMigration(migration);
    if (statements.length > MOST_STATEMENTS) return blamed;
    await session.unsafe(begin);
    const { findings: before } = await judge(session);
    const present = findings.map((finding) => isKnown(finding, before));
    for (const statement of statements) {
      await session.unsafe(statement.text).simple();
      const { findings: now } = await judge(session);
      findings.forEach((finding, index) => {
        const isThere = isKnown(finding, now);
        if (isThere && !present[index]) blamed[index] = statement;
        present[index] = isThere;
      });
    }
  } catch {
    // It ran a moment ago: what now stands in its way must not hide what is wrong with it.
  } finally {
    await session.unsafe("rollback").catch(() => {});
  }
  return blamed;
}
