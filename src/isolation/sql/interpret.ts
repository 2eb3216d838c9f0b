import { applyStatement } from "./apply-statement.js";
import type { MigrationText, ParsedStatement } from "./parse-migration.js";
import type { SchemaState } from "./schema-state.js";
import { EMPTY_STATE } from "./schema-state.js";

/** A migration, and whether databases may still be about to run it. */
export type MigrationStep = MigrationText & {
  readonly statements: readonly ParsedStatement[];
  /** True if it is not known to have been merged: what it leaves open between two commits is then still to come. */
  readonly isNew: boolean;
};

/** What is committed at once: a migration, or a part of one that commits by itself. */
export type Unit = {
  readonly migration: MigrationStep;
  readonly statements: readonly ParsedStatement[];
  readonly before: SchemaState;
  /** What each statement starts from. */
  readonly states: readonly SchemaState[];
  readonly after: SchemaState;
  /** True for the last unit of its migration. */
  readonly endsMigration: boolean;
};

/** Runs the statements of a folder, in order, over what is known of the schema. */
export function interpretMigrations(migrations: readonly MigrationStep[]): Unit[] {
  const units: Unit[] = [];
  let state: SchemaState = EMPTY_STATE;
  for (const migration of migrations) {
    // Each migration starts with the search path of its role.
    state = {
      ...state,
      searchPath: EMPTY_STATE.searchPath,
      sessionPath: EMPTY_STATE.sessionPath,
      temporaries: new Set(),
    };
    const groups = splitUnits(migration.statements);
    groups.forEach((statements, index) => {
      const before = state;
      const states = statements.map((statement) => {
        const start = state;
        state = applyStatement(state, statement);
        return start;
      });
      const endsMigration = index === groups.length - 1;
      units.push({ migration, statements, before, states, after: state, endsMigration });
    });
  }
  return units;
}

/** A statement that commits by itself stands alone between what is before and after it. */
function splitUnits(statements: readonly ParsedStatement[]): ParsedStatement[][] {
  const groups: ParsedStatement[][] = [[]];
  for (const statement of statements) {
    const alone = runsOutsideTransaction(statement.node);
    if (alone) groups.push([]);
    const group = groups.at(-1);
    if (group !== undefined) takeBack(group, statement);
    group?.push(statement);
    if (alone || endsTransaction(statement.node)) groups.push([]);
  }
  const filled = groups.filter((group) => group.length > 0);
  return filled.length === 0 ? [[]] : filled;
}

/** What is rolled back has never happened: takes it out of what the transaction, or the savepoint, has done so far. */
function takeBack(group: ParsedStatement[], { node }: ParsedStatement): void {
  if (!("TransactionStmt" in node)) return;
  const { kind, savepoint_name } = node.TransactionStmt;
  const isStart = (one: ParsedStatement) => {
    if (!("TransactionStmt" in one.node)) return false;
    const start = one.node.TransactionStmt;
    return kind === "TRANS_STMT_ROLLBACK_TO"
      ? start.kind === "TRANS_STMT_SAVEPOINT" && start.savepoint_name === savepoint_name
      : start.kind === "TRANS_STMT_BEGIN" || start.kind === "TRANS_STMT_START";
  };
  if (kind === "TRANS_STMT_ROLLBACK_TO" || kind === "TRANS_STMT_ROLLBACK") {
    group.splice(group.findLastIndex(isStart) + 1);
  }
}

function endsTransaction(node: ParsedStatement["node"]): boolean {
  if (!("TransactionStmt" in node)) return false;
  return ["TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"].includes(node.TransactionStmt.kind ?? "");
}

/** What PostgreSQL refuses inside a transaction, so that whoever runs it has to commit around it. */
function runsOutsideTransaction(node: ParsedStatement["node"]): boolean {
  if ("IndexStmt" in node) return node.IndexStmt.concurrent === true;
  if ("DropStmt" in node) return node.DropStmt.concurrent === true;
  if ("ReindexStmt" in node) {
    return (node.ReindexStmt.params ?? []).some(
      (option) => "DefElem" in option && option.DefElem.defname === "concurrently",
    );
  }
  return "VacuumStmt" in node && node.VacuumStmt.is_vacuumcmd === true;
}
