import type { Finding } from "../../core/finding.js";
import type { ParsedStatement } from "../../isolation/sql/parse-migration.js";
import type { Database } from "../../postgres/connect.js";
import { describeStatement } from "../statements/describe-statement.js";
import { readOutside } from "../statements/outside-statement.js";
import { documentEffects } from "./documented-effects.js";
import type { RowEstimate } from "./estimate-rows.js";
import { changesRows, estimateRows } from "./estimate-rows.js";
import { judgeStatement } from "./judge-statement.js";
import { noteStatement } from "./note-statement.js";
import type { Effects } from "./observation.js";
import { NO_EFFECTS } from "./observation.js";
import type { Observation, Observations } from "./observe-statements.js";
import type { StatementReport } from "./plan-report.js";
import type { ShadowRelation } from "./read-relations.js";
import { readTargetTables } from "./read-target-tables.js";
import type { NamePlace } from "./resolve-documented.js";
import { resolveDocumented } from "./resolve-documented.js";

/** What one statement's report is made from. */
export type StatementRequest = {
  readonly number: number;
  readonly statement: ParsedStatement;
  /** Undefined without a shadow. */
  readonly observations: Observations | undefined;
  /** Undefined behind a statement that failed there. */
  readonly observation: Observation | undefined;
  /** Where to look up names that were not observed. */
  readonly names: NamePlace;
  readonly target: Database | undefined;
  readonly targetRelations: ReadonlyMap<string, ShadowRelation>;
  readonly begin: string;
  readonly advice: readonly Finding[];
};

/** Puts together what was observed, what the manual says, and what the target says of one statement. */
export async function reportStatement(request: StatementRequest): Promise<StatementReport> {
  const { number, statement, observations, target, targetRelations, advice } = request;
  const { node, text, line } = statement;
  const { effects, known } = chooseEffects(request);
  const touched = new Set([
    ...effects.locks.map(({ table }) => table),
    ...effects.rewrites,
    ...effects.scans,
    ...effects.indexed,
    ...effects.removes,
  ]);
  const ids = [...targetRelations.values()].filter(({ name }) => touched.has(name));
  const sizes =
    target === undefined
      ? new Map()
      : await readTargetTables(target, new Map(ids.map(({ name, id }) => [name, id])));
  const estimate = await estimateIfData(request);
  const isFresh = targetRelations.size === 0;
  const inTransaction = readOutside(node) === undefined;
  const observation = observations === undefined ? undefined : (request.observation ?? "unreached");
  return {
    number,
    line,
    sql: text,
    what: describeStatement(statement),
    inTransaction,
    known,
    effects,
    tables: [...sizes.values()],
    ...(estimate === undefined ? {} : { estimatedRows: "rows" in estimate ? estimate.rows : null }),
    verdict: judgeStatement({ node, effects, inTransaction, sizes, estimate }),
    notes: noteStatement({ node, effects, observation, estimate, sizes, isFresh }),
    advice,
  };
}

function chooseEffects(request: StatementRequest): Pick<StatementReport, "known" | "effects"> {
  const { statement, observation, names } = request;
  if ("TransactionStmt" in statement.node) return { known: "observed", effects: NO_EFFECTS };
  if (observation?.status === "observed" && observation.locks)
    return { known: "observed", effects: observation.effects };
  const documented = resolveDocumented(documentEffects(statement.node), names);
  if (observation?.status !== "observed") return { known: "documented", effects: documented };
  return { known: "locks-documented", effects: addDocumented(observation.effects, documented) };
}

/** Outside of a transaction only new files can be seen afterwards. */
function addDocumented({ rewrites, indexed, removes }: Effects, documented: Effects): Effects {
  return {
    locks: documented.locks,
    rewrites,
    removes,
    scans: documented.scans.filter((table) => !rewrites.includes(table)),
    indexed: [...new Set([...indexed, ...documented.indexed])].filter((table) => !rewrites.includes(table)),
  };
}

async function estimateIfData({
  statement,
  target,
  begin,
}: StatementRequest): Promise<RowEstimate | undefined> {
  if (!changesRows(statement.node)) return undefined;
  return await estimateRows(target, statement, begin);
}
