import type { Node } from "libpg-query";
import { codeOf, messageOf } from "../../core/errors.js";
import type { ParsedStatement } from "../../isolation/sql/parse-migration.js";
import type { Database, Session } from "../../postgres/connect.js";
import { readOutside } from "../statements/outside-statement.js";
import type { Moment } from "./compare-moments.js";
import { compareMoments } from "./compare-moments.js";
import { changesRows } from "./estimate-rows.js";
import type { Effects } from "./observation.js";
import { NO_EFFECTS } from "./observation.js";
import type { ShadowRelation } from "./read-relations.js";
import { readHeldLocks, readRelations, readScans } from "./read-relations.js";
import { runOnSession } from "./run-on-session.js";

/** What the shadow showed of one statement. */
export type Observation =
  /** `locks` is false of a statement that ran outside of a transaction: its locks were gone before anybody could look. */
  | { readonly status: "observed"; readonly effects: Effects; readonly locks: boolean }
  /** Not run there, and what comes after it can still be observed. */
  | { readonly status: "skipped"; readonly reason: string }
  | { readonly status: "failed"; readonly reason: string };

/** What was observed of a folder's pending migrations. */
export type Observations = {
  /** For each migration, for each of its statements, with what was there before it; behind a failure there are none. */
  readonly migrations: readonly (readonly Observed[])[];
  /** What was there before the first of them. */
  readonly origin: Relations;
  /** What was there at the end. */
  readonly last: Relations;
};

/** As the runner does before each migration. Nobody needs this database after a crash, so its COMMITs need not wait. */
const RESET = "reset session authorization; reset role; reset all; set synchronous_commit = off";

type Relations = ReadonlyMap<string, ShadowRelation>;
type Observed = { readonly observation: Observation; readonly before: Relations };

/** One pending migration, parsed. */
export type ObservedMigration = { readonly statements: readonly ParsedStatement[] };

/**
 * Runs pending migrations on a shadow that is at the target's state, and looks after each statement at the locks that it
 * took, the files that it made anew and the tables that it read. Each has a transaction of its own, so that a lock shows
 * also where an earlier statement of the migration holds it already. The shadow is changed.
 *
 * @throws TenantryError `interrupted`.
 */
export async function observeStatements(
  database: Database,
  migrations: readonly ObservedMigration[],
  signal?: AbortSignal,
): Promise<Observations> {
  const session = await database.reserve();
  try {
    const origin = await readRelations(session);
    let relations = origin;
    const all: Observed[][] = [];
    for (const { statements } of migrations) {
      await session.unsafe(RESET).simple();
      const observer = createObserver(session, origin, statements, signal);
      const observations: Observed[] = [];
      all.push(observations);
      for (const statement of statements) {
        const before = relations;
        const { observation, relations: after } = await observer(statement, before);
        relations = after;
        observations.push({ observation, before });
        if (observation.status === "failed") return { migrations: all, origin, last: relations };
      }
      const late = await commit(session);
      if (late === undefined) continue;
      observations.splice(-1, 1, { observation: late, before: relations });
      break;
    }
    return { migrations: all, origin, last: relations };
  } finally {
    session.release();
  }
}

/** Ends what a migration has left open; undefined, or what was wrong with it. */
async function commit(session: Session): Promise<Observation | undefined> {
  try {
    await session.unsafe("commit");
    return undefined;
  } catch (thrown) {
    return failed(thrown);
  }
}

type Seen = { readonly observation: Observation; readonly relations: Relations };

function createObserver(
  session: Session,
  origin: Relations,
  statements: readonly ParsedStatement[],
  signal: AbortSignal | undefined,
) {
  // What lives as long as its transaction needs one for the whole migration.
  const isWhole = statements.some(({ node }) => livesInTransaction(node));
  const settings: string[] = [];
  let isOpen = false;
  const begin = async () => {
    if (isOpen) return;
    await session.unsafe("begin");
    isOpen = true;
    for (const text of settings) await session.unsafe(text).simple();
  };
  const end = async (how: "commit" | "rollback") => {
    isOpen = false;
    await session.unsafe(how);
  };
  return async ({ node, text }: ParsedStatement, relations: Relations): Promise<Seen> => {
    if ("TransactionStmt" in node) return { observation: observed(NO_EFFECTS), relations };
    if (isOfServer(node)) return { observation: skipped("it concerns the whole server"), relations };
    try {
      if (readOutside(node) !== undefined) {
        if (isOpen) await end("commit");
        return await observeOutside(session, origin, { text, relations, signal });
      }
      await begin();
      const [scans, locks] = await Promise.all([readScans(session), readHeldLocks(session)]);
      const before: Moment = { relations, scans, locks };
      await runOnSession(session, text, signal);
      const after = await readMoment(session);
      if (!isWhole) await end("commit");
      if (isOfTransaction(node)) settings.push(text);
      const effects = compareMoments(before, after, origin);
      return {
        observation: observed("TruncateStmt" in node ? asRemoval(effects) : effects),
        relations: after.relations,
      };
    } catch (thrown) {
      const observation = failed(thrown);
      await end("rollback");
      // What rows it wants the target may have; and nothing but rows is missing behind it.
      const lacksRows = changesRows(node) && !isWhole && codeOf(thrown)?.startsWith("23") === true;
      return { observation: lacksRows ? skipped(`there ${observation.reason}`) : observation, relations };
    }
  };
}

async function observeOutside(
  session: Session,
  origin: Relations,
  run: {
    readonly text: string;
    readonly relations: Relations;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Seen> {
  await runOnSession(session, run.text, run.signal);
  const relations = await readRelations(session);
  const nothing = { scans: new Map<string, number>(), locks: [] };
  const effects = compareMoments({ ...nothing, relations: run.relations }, { ...nothing, relations }, origin);
  return { observation: { status: "observed", effects, locks: false }, relations };
}

async function readMoment(session: Session): Promise<Moment> {
  // What they read themselves are no tables of users.
  const [locks, scans, relations] = await Promise.all([
    readHeldLocks(session),
    readScans(session),
    readRelations(session),
  ]);
  return { locks, scans, relations };
}

/** TRUNCATE makes new files, and copies nothing into them. */
function asRemoval({ locks, rewrites }: Effects): Effects {
  return { ...NO_EFFECTS, locks, removes: rewrites };
}

function observed(effects: Effects): Observation {
  return { status: "observed", effects, locks: true };
}

/** The server's own words; what is no answer of the server is thrown on. */
function failed(thrown: unknown): Extract<Observation, { status: "failed" }> {
  const code = codeOf(thrown);
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) throw thrown;
  return { status: "failed", reason: `${messageOf(thrown)} (${code})` };
}

function skipped(reason: string): Observation {
  return { status: "skipped", reason };
}

/** Settings and modes that end with the transaction: each later statement of the migration is to have them, too. */
function isOfTransaction(node: Node): boolean {
  if ("ConstraintsSetStmt" in node) return true;
  if ("VariableSetStmt" in node) return node.VariableSetStmt.is_local === true;
  // select set_config('lock_timeout', '5s', true)
  return "SelectStmt" in node && /"sval":"set_config"/.test(JSON.stringify(node.SelectStmt.targetList ?? []));
}

function livesInTransaction(node: Node): boolean {
  if ("DeclareCursorStmt" in node || "ClosePortalStmt" in node || "FetchStmt" in node) return true;
  const into =
    "CreateStmt" in node
      ? node.CreateStmt.oncommit
      : "CreateTableAsStmt" in node
        ? node.CreateTableAsStmt.into?.onCommit
        : undefined;
  return into !== undefined && into !== "ONCOMMIT_NOOP" && into !== "ONCOMMIT_PRESERVE_ROWS";
}

/** On the shadow's server it would change what other databases see. */
function isOfServer(node: Node): boolean {
  if ("AlterSystemStmt" in node || "AlterDatabaseStmt" in node || "AlterDatabaseSetStmt" in node) return true;
  const outside = readOutside(node);
  return outside?.type === "create-object" || outside?.type === "drop-object";
}
