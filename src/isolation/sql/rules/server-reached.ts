import type { Node } from "libpg-query";
import { findCalls } from "../find-calls.js";
import { readSettings } from "../set-settings.js";
import type { SqlFinding, SqlRule } from "../sql-rule.js";
import { placeOf } from "../sql-rule.js";

/** Files, programs and libraries of the server, and what copies rows out of it, know no tenants. */
export const serverReached: SqlRule = {
  id: "server-reached",
  threats: [45, 79],
  check: (context) => [
    ...context.units
      .flatMap(({ statements }) => statements)
      .flatMap((statement) =>
        findReached(statement.node).map((reached) => ({ ...reached, ...placeOf(statement), fix: FIX })),
      ),
    ...findCalls(context, /^pg_(read_(binary_)?file|ls_\w*dir|file_\w+|stat_file)$/, {
      level: "error",
      detail: "this reads or writes files of the server",
      fix: FIX,
    }),
    ...findCalls(context, /^pg_create_(logical|physical)_replication_slot$/, {
      level: "error",
      detail: "whoever reads the slot sees every tenant's changes",
      fix: FIX,
    }),
  ],
};

const FIX = "Take it out; it is an operator's work. If it is meant, say why in a suppression.";

type Reached = Pick<SqlFinding, "level" | "subject" | "detail">;

function findReached(node: Node): Reached[] {
  if ("CopyStmt" in node && node.CopyStmt.filename !== undefined) {
    const { is_program, filename } = node.CopyStmt;
    const what = is_program === true ? "a program" : "a file";
    return [
      { level: "error", subject: filename, detail: `this copies rows to or from ${what} of the server` },
    ];
  }
  if ("LoadStmt" in node) {
    const { filename = "" } = node.LoadStmt;
    return [{ level: "error", subject: filename, detail: "this loads a library into the server" }];
  }
  if ("CreateEventTrigStmt" in node) {
    const { trigname = "" } = node.CreateEventTrigStmt;
    const detail = "an event trigger runs with every change of the schema, unseen by this check";
    return [{ level: "warning", subject: trigname, detail }];
  }
  if ("CreateSubscriptionStmt" in node) {
    const { subname = "" } = node.CreateSubscriptionStmt;
    const detail = "a subscription writes rows as its owner, past the policies";
    return [{ level: "warning", subject: subname, detail }];
  }
  if ("CreateExtensionStmt" in node) {
    const { extname = "" } = node.CreateExtensionStmt;
    const detail = EXTENSIONS.get(extname);
    return detail === undefined ? [] : [{ level: "warning", subject: extname, detail }];
  }
  const libraries = readSettings(node).filter(
    ({ name, value }) => name.endsWith("preload_libraries") && value !== "",
  );
  return libraries.map(({ name }) => ({
    level: "error",
    subject: name,
    detail: "this loads a library into every new session",
  }));
}

const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ["adminpack", "with it SQL writes files of the server"],
  ...["plpython3u", "plperlu", "pltclu", "plsh"].map(
    (language) => [language, "functions in this language may do whatever the server may"] as const,
  ),
]);
