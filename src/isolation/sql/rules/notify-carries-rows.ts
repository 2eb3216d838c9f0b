import type { Node } from "libpg-query";
import { parseSync } from "libpg-query";
import { z } from "zod";
import { readBody } from "../blocks/read-body.js";
import { readPlpgsql } from "../blocks/read-plpgsql.js";
import type { SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";
import { stringsOf } from "../syntax-names.js";
import { walkSyntax } from "../walk-syntax.js";

/** NOTIFY goes to every listener, whoever's row it is about. */
export const notifyCarriesRows: SqlRule = {
  id: "notify-carries-rows",
  threats: [71],
  check: ({ units }) =>
    units
      .flatMap(({ statements }) => statements)
      .flatMap((statement) => {
        if (!("CreateFunctionStmt" in statement.node) || !/pg_notify/i.test(statement.text)) return [];
        const body = readBody(statement.node);
        const steps = body?.language === "plpgsql" ? (readPlpgsql(statement.text)?.steps ?? []) : [];
        const carried = steps.flatMap(({ kind, sql }) =>
          readPayloads(kind === "statement" ? sql : `select ${sql}`),
        );
        const [what] = carried;
        if (what === undefined) return [];
        return [
          {
            level: "warning" as const,
            subject: stringsOf(statement.node.CreateFunctionStmt.funcname).join("."),
            ...placeOf(statement),
            detail: `pg_notify sends ${what} to every listener, whichever tenant's row it is`,
            fix: "Send the row's id alone; who listens then reads the row, through its policies.",
          },
        ];
      }),
};

const nodes = z.array(z.custom<Node>((value) => typeof value === "object"));
const call = z.object({ funcname: nodes, args: nodes });
const column = z.object({ fields: nodes });

/** The whole row, or columns of it that are no ids, in what is sent. */
function readPayloads(sql: string): string[] {
  const found: string[] = [];
  try {
    walkSyntax(parseSync(sql), ({ kind, fields }) => {
      const parsed = kind === "FuncCall" ? call.safeParse(fields) : undefined;
      if (parsed?.success === true && stringsOf(parsed.data.funcname).at(-1) === "pg_notify") {
        found.push(...readColumns(parsed.data.args[1]));
      }
      return true;
    });
  } catch {
    // What does not parse by itself, such as an assignment to a part of a row, sends nothing.
  }
  return found;
}

function readColumns(payload: unknown): string[] {
  const found: string[] = [];
  walkSyntax(payload, ({ kind, fields }) => {
    const parsed = kind === "ColumnRef" ? column.safeParse(fields) : undefined;
    if (parsed?.success !== true) return true;
    const [row = "", name] = stringsOf(parsed.data.fields);
    const isRow = row === "new" || row === "old";
    if (isRow && (name === undefined || !/id$/i.test(name))) found.push([row, name ?? "*"].join("."));
    return true;
  });
  return found;
}
