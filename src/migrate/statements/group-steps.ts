import { createHash } from "node:crypto";
import type { MigrationStatement } from "./migration-statement.js";

/** What runs between two checkpoints. */
export type Step = {
  /** The number of its first statement, from 1: its name in the checkpoints. */
  readonly number: number;
  readonly statements: readonly MigrationStatement[];
  /** `group`: one transaction, its checkpoint inside. `alone`: one statement that cannot be in a transaction. */
  readonly kind: "group" | "alone";
  /** What the file's own BEGIN asked for. */
  readonly modes: string | undefined;
  /** SHA-256 of its statements. */
  readonly hash: string;
};

/** How to cut a migration. */
export type StepOptions = {
  /** The number of the first statement that has not been done. Default 1. */
  readonly from?: number;
  /** True for a transaction of its own for each statement. */
  readonly each?: boolean;
  /** Numbers of statements that the server has refused to run inside a transaction. */
  readonly alone?: ReadonlySet<number>;
};

/**
 * Cuts a migration into steps: neighbours that can share a transaction do. A new enum value ends one, since nothing may use
 * it before COMMIT, and so do the file's own BEGIN and COMMIT.
 */
export function groupSteps(
  statements: readonly MigrationStatement[],
  { from = 1, each = false, alone = new Set() }: StepOptions = {},
): Step[] {
  const steps: Step[] = [];
  let open: MigrationStatement[] = [];
  let modes: string | undefined;
  let first = 0;
  const close = () => {
    if (open.length > 0) steps.push(makeStep(first, open, "group", modes));
    open = [];
    modes = undefined;
  };
  for (const [index, statement] of statements.entries()) {
    const number = index + 1;
    if (number < from) continue;
    const isControl = statement.role === "begin" || statement.role === "commit";
    const isAlone = statement.role === "alone" || alone.has(number) || (each && statement.mayCommit);
    if (isControl || isAlone) close();
    if (statement.role === "begin") modes = statement.modes;
    if (isControl) continue;
    if (isAlone) {
      steps.push(makeStep(number, [statement], "alone", undefined));
      continue;
    }
    if (open.length === 0) first = number;
    open.push(statement);
    const next = statements[index + 1];
    const addsMore = statement.addsValue !== undefined && next?.addsValue !== undefined;
    if (each || (statement.addsValue !== undefined && !addsMore)) close();
  }
  close();
  return steps;
}

function makeStep(
  number: number,
  statements: readonly MigrationStatement[],
  kind: Step["kind"],
  modes: string | undefined,
): Step {
  return { number, statements, kind, modes, hash: hashStatements(statements) };
}

/** SHA-256 over the texts, each with its length, so that no two lists are taken for one another. */
export function hashStatements(statements: readonly Pick<MigrationStatement, "text">[]): string {
  const hash = createHash("sha256");
  for (const { text } of statements) hash.update(`${text.length}:${text}`);
  return hash.digest("hex");
}
