import { demandSql, listDemands } from "../../demands.js";
import type { Expected, ExpectedTable } from "../../expected.js";

/** True for a statement that is, to the letter, what the completion writes. */
export type IsEngineSql = (statement: string) => boolean;

/** Names that nobody has, and which stand for any other. */
const ANY = ["\uE000schema", "\uE000table", "\uE000column"] as const;

/**
 * Recognises the engine's own statements by comparing the whole text with what it emits for this schema; a marker
 * around them counts for nothing. The use of a sequence is granted in the same words for tables that are gone.
 */
export function createEngineSql(expected: Expected): IsEngineSql {
  const known = new Set(listDemands(expected).flatMap(demandSql).map(normalise));
  const gone = listDemands({ ...expected, tables: [anyTable()], views: [], doors: [], needsUuidV7: false })
    .flatMap(demandSql)
    .map(normalise)
    .filter((text) => text.startsWith("do ") && ANY.every((name) => text.includes(name)))
    .map(toPattern);
  return (statement) => {
    const text = normalise(statement);
    return known.has(text) || gone.some((pattern) => pattern.test(text));
  };
}

/** Git may have changed the ends of lines, and the parser leaves out the semicolon. */
function normalise(text: string): string {
  return text.replaceAll("\r\n", "\n").trim().replace(/;$/, "");
}

/** Any name, in double quotes inside a literal: quotes can only be there doubled, so that the literal never ends. */
const QUOTED = `(?:[^'"]|''|"")+`;

function toPattern(text: string): RegExp {
  const escaped = text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`^${ANY.reduce((so, name) => so.replaceAll(name, QUOTED), escaped)}$`);
}

function anyTable(): ExpectedTable {
  const [schema, name, column] = ANY;
  return {
    schema,
    name,
    declaration: {
      kind: "global",
      tenantColumn: undefined,
      tenantType: undefined,
      commands: [],
      audit: false,
      secret: [],
      auditLog: undefined,
      exceptions: [],
      reason: undefined,
    },
    columns: [column],
    primaryKey: [],
    policies: [],
    serialColumns: [column],
    setNullReferences: [],
    globalUniques: [],
  };
}
