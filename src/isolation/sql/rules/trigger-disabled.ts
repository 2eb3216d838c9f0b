import { ENGINE_SCHEMA } from "../../../core/engine-schema.js";
import { ENGINE_TRIGGERS } from "../../demands.js";
import type { ParsedStatement } from "../parse-migration.js";
import { tableById } from "../schema-state.js";
import { readSettings } from "../set-settings.js";
import type { DeclaredTable, SqlContext, SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";
import { stringsOf } from "../syntax-names.js";
import { trackActs } from "../track-acts.js";

/** The completion's triggers write the audit log and the time of the last change; without them both are silent. */
export const triggerDisabled: SqlRule = {
  id: "trigger-disabled",
  threats: [79, 85],
  check: (context) => [...findSilenced(context), ...findReplicaRole(context), ...findReplaced(context)],
};

function findSilenced(context: SqlContext): SqlFinding[] {
  const states = [
    context.final,
    ...context.units.filter(({ migration }) => migration.isNew).map(({ after }) => after),
  ];
  return [...context.declared].flatMap(([id, declared]) => {
    const needed = neededTriggers(declared, context);
    const found = new Map<ParsedStatement, string>();
    for (const state of states) {
      for (const [name, at] of tableById(state, id)?.silencedTriggers ?? []) {
        const lost = name === "*" ? needed : needed.filter((trigger) => trigger === name);
        if (lost.length > 0) found.set(at, lost.join(", "));
      }
    }
    return [...found].map(([at, names]) => ({
      level: "error" as const,
      subject: declared.subject,
      ...placeOf(at),
      detail: `${names} no longer runs after this`,
      fix: "Enable it again in the same migration, after what must go past it.",
    }));
  });
}

function neededTriggers({ declaration, expected }: DeclaredTable, context: SqlContext): string[] {
  const column = context.expected.settings.updatedAtColumn;
  return [
    ...(declaration.audit ? [ENGINE_TRIGGERS.audit] : []),
    ...(column !== false && expected.columns.includes(column) ? [ENGINE_TRIGGERS.touch] : []),
  ];
}

/**
 * Functions in the engine's own schema that are not, to the letter, what the completion writes, and those that are
 * dropped. What is merged may have been written by another version of the engine.
 */
function findReplaced({ units, isEngineSql }: SqlContext): SqlFinding[] {
  const standing = new Map<string, SqlFinding>();
  for (const { statements, migration } of units) {
    for (const statement of statements) {
      const { node } = statement;
      const isMade = "CreateFunctionStmt" in node;
      const names = isMade ? [stringsOf(node.CreateFunctionStmt.funcname)] : droppedFunctions(node);
      for (const [schema, name = ""] of names) {
        if (schema !== ENGINE_SCHEMA) continue;
        standing.delete(name);
        if (!migration.isNew || (isMade && isEngineSql(statement.text))) continue;
        const detail = isMade
          ? "this is not the function that the completion writes"
          : "the function is dropped, and with it the triggers that call it";
        const fix =
          'Take it out, and run "tenantry create NAME", which writes what belongs into this schema.';
        const subject = `${ENGINE_SCHEMA}.${name}`;
        // Another version of the engine may have written it; that it is gone nobody has.
        standing.set(name, {
          level: isMade ? "warning" : "error",
          subject,
          ...placeOf(statement),
          detail,
          fix,
        });
      }
    }
  }
  return [...standing.values()];
}

function droppedFunctions(node: ParsedStatement["node"]): string[][] {
  if (!("DropStmt" in node) || node.DropStmt.behavior !== "DROP_CASCADE") return [];
  return (node.DropStmt.objects ?? []).flatMap((object) =>
    "ObjectWithArgs" in object ? [stringsOf(object.ObjectWithArgs.objname)] : [],
  );
}

/** `session_replication_role = replica` silences every trigger, those of foreign keys among them. */
function findReplicaRole(context: SqlContext): SqlFinding[] {
  return trackActs(context, ({ node }) =>
    readSettings(node)
      .filter(({ name, scope }) => name === "session_replication_role" && scope !== "stored")
      .map(({ name, value, scope }) => {
        if (value.toLowerCase() !== "replica") return { key: name, act: undefined };
        const detail = `no trigger and no foreign key holds in this ${scope === "transaction" ? "transaction" : "session"} any more`;
        const fix = "Take it out; switch single triggers off and on again, where it must be.";
        return { key: name, act: { level: "error" as const, subject: name, detail, fix } };
      }),
  );
}
