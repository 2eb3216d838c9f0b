import type { Node } from "libpg-query";
import { readOutside } from "../statements/outside-statement.js";
import type { RowEstimate } from "./estimate-rows.js";
import type { Effects } from "./observation.js";
import type { Observation } from "./observe-statements.js";
import type { TableSize } from "./read-target-tables.js";

/** What a statement's notes are made from. */
export type NoteRequest = {
  readonly node: Node;
  readonly effects: Effects;
  /** Undefined without a shadow. */
  readonly observation: Observation | "unreached" | undefined;
  readonly estimate: RowEstimate | undefined;
  readonly sizes: ReadonlyMap<string, TableSize>;
  /** True if the target has no table yet: then it has no rows either. */
  readonly isFresh: boolean;
};

/** What a person should know of a statement before it runs, and what the verdict does not say. */
export function noteStatement(request: NoteRequest): string[] {
  return [
    ...noteObservation(request),
    ...noteEstimate(request),
    ...noteEmptyShadow(request),
    ...noteNotNull(request),
    ...noteWait(request),
  ];
}

function noteObservation({ observation }: NoteRequest): string[] {
  if (observation === "unreached") return ["not observed, since a statement before it fails on the shadow"];
  if (observation === undefined || observation.status === "observed") return [];
  return observation.status === "failed"
    ? [`fails on the shadow: ${observation.reason}`]
    : [`not observed on the shadow: ${observation.reason}`];
}

function noteEstimate({ estimate }: NoteRequest): string[] {
  if (estimate === undefined || "rows" in estimate) return [];
  if (estimate.refused === true) return [`the target would refuse it: ${estimate.reason}`];
  return [`its rows are not estimated: ${estimate.reason}`];
}

/** What a block of code does may depend on rows, and the shadow has none. */
function noteEmptyShadow({ node, observation, isFresh }: NoteRequest): string[] {
  if (isFresh) return [];
  if (observation === undefined || observation === "unreached" || observation.status !== "observed")
    return [];
  const runsCode = "DoStmt" in node || "CallStmt" in node || ("SelectStmt" in node && callsFunction(node));
  return runsCode ? ["it runs code: what that does with rows was not seen, since the shadow has none"] : [];
}

function callsFunction(node: Node): boolean {
  const names = [...JSON.stringify(node).matchAll(/"funcname":\[(.*?)\]/g)].map((match) => match[1] ?? "");
  return names.some((name) => !/"(?:set_config|setval|nextval)"/.test(name));
}

/** CONCURRENTLY blocks nobody, but is itself blocked by whoever is slow. */
function noteWait({ node }: NoteRequest): string[] {
  const outside = readOutside(node);
  const waits =
    outside?.type === "create-index" ||
    outside?.type === "drop-index" ||
    outside?.type === "detach-partition" ||
    (outside?.type === "reindex" && outside.concurrent);
  return waits ? ["waits for every transaction that began before it"] : [];
}

/** PostgreSQL gives existing rows the default; without one they have NULL, and the statement fails. */
function noteNotNull({ node, effects, sizes }: NoteRequest): string[] {
  if (!("AlterTableStmt" in node)) return [];
  const needsDefault = (node.AlterTableStmt.cmds ?? []).some((command) => {
    if (!("AlterTableCmd" in command) || command.AlterTableCmd.subtype !== "AT_AddColumn") return false;
    const { def } = command.AlterTableCmd;
    if (def === undefined || !("ColumnDef" in def)) return false;
    const kinds = (def.ColumnDef.constraints ?? []).map((one) =>
      "Constraint" in one ? one.Constraint.contype : undefined,
    );
    const type = (def.ColumnDef.typeName?.names ?? []).flatMap((one) =>
      "String" in one ? one.String.sval : [],
    );
    const isFilled =
      kinds.some((kind) => ["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"].includes(kind ?? "")) ||
      type.some((name) => /^(small|big)?serial[248]?$/.test(name ?? ""));
    return kinds.some((kind) => kind === "CONSTR_NOTNULL" || kind === "CONSTR_PRIMARY") && !isFilled;
  });
  const [table] = effects.locks.filter(({ partitionOf }) => partitionOf === undefined);
  if (!needsDefault || table === undefined || sizes.get(table.table)?.rows === 0) return [];
  return [`fails if ${table.table} has rows: the new column may not be null, and has no default`];
}
