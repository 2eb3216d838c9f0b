import type { Transaction } from "../../catalog/grants-json.js";
import { readWholeStructure } from "../../catalog/read-whole-structure.js";
import { selectFacts } from "../../catalog/select-facts.js";
import type { BuildableFact } from "../../catalog/way/fact-statements.js";
import { readBuildableFacts } from "../../catalog/way/fact-statements.js";
import { planWay } from "../../catalog/way/plan-way.js";
import { codeOf, messageOf, TenantryError } from "../../core/errors.js";

/** How often the rest is looked at again: what a statement takes along is only seen afterwards. */
const MOST_ROUNDS = 4;

/** Where a walk leads. */
export type Goal = {
  /** What to call it in an error, such as `the state before 0007_x`. */
  readonly name: string;
  readonly facts: readonly BuildableFact[];
  /** Statements to try first, since they keep data: each may fail. */
  readonly tries: readonly string[];
  /** Written by hand; then only privileges, policies and the like are computed. */
  readonly byHand?: { readonly file: string; readonly statements: readonly string[] } | undefined;
};

/**
 * Brings a throw-away database to other facts, and gives the statements that did.
 *
 * @throws TenantryError `rollback-impossible` naming what no SQL changes, or the statement that failed.
 */
export async function walkBack(session: Transaction, goal: Goal): Promise<readonly string[]> {
  const done: string[] = [];
  for (const statement of goal.byHand?.statements ?? []) {
    await run(session, statement, goal);
    done.push(statement);
  }
  for (const statement of goal.byHand === undefined ? goal.tries : []) {
    if (await works(session, statement)) done.push(statement);
  }
  const wanted = selectFacts(goal.facts);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const now = selectFacts(readBuildableFacts(await readWholeStructure(session)));
    const keys = differing(now, wanted);
    if (keys.length === 0) return done;
    const structure = [...now, ...wanted].filter(
      (fact) => keys.includes(fact.key) && fact.aspect === "structure",
    );
    if (goal.byHand !== undefined && structure.length > 0)
      throw impossible(
        goal,
        structure.map(({ key }) => key),
      );
    const { statements } = planWay(now, wanted);
    if (statements.length === 0 || round === MOST_ROUNDS - 1) throw impossible(goal, keys);
    for (const statement of statements) await run(session, statement, goal);
    done.push(...statements);
  }
  return done;
}

async function works(session: Transaction, statement: string): Promise<boolean> {
  try {
    await session.savepoint((inner) => inner.unsafe(statement).simple());
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === undefined) throw thrown;
    return false;
  }
}

async function run(session: Transaction, statement: string, goal: Goal): Promise<void> {
  try {
    await session.unsafe(statement).simple();
  } catch (thrown) {
    if (codeOf(thrown) === undefined) throw thrown;
    throw impossible(goal, [statement, messageOf(thrown)], thrown);
  }
}

function differing(one: readonly BuildableFact[], other: readonly BuildableFact[]): string[] {
  const here = new Map(one.map(({ key, value }) => [key, value]));
  const there = new Map(other.map(({ key, value }) => [key, value]));
  return [...new Set([...here.keys(), ...there.keys()])].filter((key) => here.get(key) !== there.get(key));
}

function impossible(goal: Goal, details: readonly string[], cause?: unknown): TenantryError {
  const { byHand, name } = goal;
  return new TenantryError({
    code: "rollback-impossible",
    message:
      byHand === undefined
        ? `There is no way back to ${name} that can be computed.`
        : `${byHand.file} does not lead back to ${name}.`,
    details,
    hint:
      byHand === undefined
        ? 'Write the way back by hand: down.sql beside migration.sql (in the old layout, NAME.down.sql). Or start anew: "tenantry init" on an empty database.'
        : "Correct it; this is what differs afterwards, or the statement that failed.",
    cause,
  });
}
