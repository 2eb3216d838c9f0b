import { z } from "zod";
import type { ParsedStatement } from "./parse-migration.js";
import { isOn, stringsOf, valueText } from "./syntax-names.js";
import { calledNames, runsQuery } from "./system-names.js";
import { walkSyntax } from "./walk-syntax.js";

/** A setting that a statement sets. */
export type SetSetting = {
  /** In lower case; `*` for RESET ALL. */
  readonly name: string;
  /** Empty for RESET and for what is computed. */
  readonly value: string;
  /** The elements of a list, such as the schemas of a search path. */
  readonly values: readonly string[];
  /** Until the end of the transaction, of the session, or stored with a role, a database or the server. */
  readonly scope: "transaction" | "session" | "stored";
  /** The role that it is stored with; undefined for all of them. */
  readonly role?: string;
};

type Node = ParsedStatement["node"];
/** SET, also inside another statement. */
export type SetStatement = Extract<Node, { VariableSetStmt: unknown }>["VariableSetStmt"];

/** What a statement sets by SET, by `set_config(…)` anywhere in it, or by ALTER ROLE, DATABASE or SYSTEM. */
export function readSettings(node: Node): SetSetting[] {
  if ("VariableSetStmt" in node) {
    const { is_local } = node.VariableSetStmt;
    return [{ ...readSet(node.VariableSetStmt), scope: is_local === true ? "transaction" : "session" }];
  }
  if ("DiscardStmt" in node && node.DiscardStmt.target === "DISCARD_ALL") {
    return [{ name: "*", value: "", values: [], scope: "session" }];
  }
  if ("AlterRoleSetStmt" in node) {
    const { role, setstmt } = node.AlterRoleSetStmt;
    const named = role?.rolename;
    return setstmt === undefined
      ? []
      : [{ ...readSet(setstmt), scope: "stored", ...(named === undefined ? {} : { role: named }) }];
  }
  if ("AlterDatabaseSetStmt" in node) return stored(node.AlterDatabaseSetStmt.setstmt);
  if ("AlterSystemStmt" in node) return stored(node.AlterSystemStmt.setstmt);
  return runsQuery(node) ? readCalls(node) : [];
}

function stored(statement: SetStatement | undefined): SetSetting[] {
  return statement === undefined ? [] : [{ ...readSet(statement), scope: "stored" }];
}

/** The name, in lower case, and the value of a SET. */
export function readSet({
  kind,
  name = "",
  args,
}: SetStatement): Pick<SetSetting, "name" | "value" | "values"> {
  // Each argument is one element, whatever commas it has.
  const values = (args ?? []).map(valueText);
  return { name: kind === "VAR_RESET_ALL" ? "*" : name.toLowerCase(), value: values.join(","), values };
}

const nodes = z.array(z.custom<Node>((value) => typeof value === "object")).optional();
const call = z.object({ funcname: nodes, args: nodes });

function readCalls(node: Node): SetSetting[] {
  if (!calledNames(node).some((name) => /(^|\.)set_config$/.test(name))) return [];
  const found: SetSetting[] = [];
  walkSyntax(node, ({ kind, fields }) => {
    const parsed = kind === "FuncCall" ? call.safeParse(fields) : undefined;
    if (parsed?.success !== true || stringsOf(parsed.data.funcname).at(-1) !== "set_config") return true;
    const [name, value, local] = parsed.data.args ?? [];
    const text = value === undefined ? "" : valueText(value);
    found.push({
      name: name === undefined ? "" : valueText(name).toLowerCase(),
      value: text,
      values: splitList(text),
      // Only a constant `true` is known to end with the transaction.
      scope: local !== undefined && isOn(valueText(local)) ? "transaction" : "session",
    });
    return true;
  });
  return found;
}

/** The elements of a list as `set_config` takes it: identifiers, which are lower-case unless they are quoted. */
function splitList(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|([^,\s]+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "").toLowerCase() : quoted.replaceAll('""', '"'),
  );
}
