import { readBody } from "../blocks/read-body.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** What a block puts together while it runs cannot be read before; if it has to do with isolation, somebody has to look. */
export const dynamicSql: SqlRule = {
  id: "dynamic-sql",
  threats: [79],
  check: ({ units, unread, isEngineSql }) => [
    ...unread.map(({ at, word }) => ({
      level: word === undefined ? ("warning" as const) : ("error" as const),
      subject: "DoStmt" in at.node ? "a DO block" : "a function",
      ...placeOf(at),
      detail:
        word === undefined
          ? "what this executes is put together while it runs, and cannot be read before"
          : `what this executes is put together while it runs, and "${word}" is part of it`,
      fix: 'Write it as plain statements; or have "tenantry validate" look at what it has done, and say why in a suppression.',
    })),
    ...units
      .flatMap(({ statements }) => statements)
      .flatMap((statement) => {
        const body = "CreateFunctionStmt" in statement.node ? readBody(statement.node) : undefined;
        if (body === undefined || isEngineSql(statement.text)) return [];
        const words = LATER.exec(body.text.replaceAll(/--.*$/gm, ""))?.[0];
        if (words === undefined) return [];
        return [
          {
            level: "warning" as const,
            subject: body.kind,
            ...placeOf(statement),
            detail: `"${words.replaceAll(/\s+/g, " ")}" in a function, which this check does not see run`,
            fix: 'Take it out of the function; or run "tenantry validate" after whatever calls it.',
          },
        ];
      }),
  ],
};

/** In a function, which runs when somebody calls it. */
const LATER =
  /(dis|en)able\s+row\s+level\s+security|no\s+force\s+row|(create|alter|drop)\s+policy|\bbypassrls\b|\bsuperuser\b|\bowner\s+to\b|session_replication_role|disable\s+trigger/i;
