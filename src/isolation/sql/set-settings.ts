import { z } from "zod";
import type { ParsedStatement } from "./parse-migration.js";
import { isOn, stringsOf, valueText } from "./syntax-names.js";
import { walkSyntax } from "./walk-syntax.js";

/** A setting that a statement sets. */
export type SetSetting = {
  readonly name: string;
  /** Empty for RESET and for what is computed. */
  readonly value: string;
  /** Until the end of the transaction, of the session, or stored with a role or database. */
  readonly scope: "transaction" | "session" | "stored";
};

/** What a statement sets by SET, by `set_config(…)` anywhere in it, or by ALTER ROLE or DATABASE … SET. */
export function readSettings(node: ParsedStatement["node"]): SetSetting[] {
  if ("VariableSetStmt" in node) {
    const { name = "", args, is_local } = node.VariableSetStmt;
    const value = (args ?? []).map(valueText).join(",");
    return [{ name: name.toLowerCase(), value, scope: is_local === true ? "transaction" : "session" }];
  }
  const stored =
    "AlterRoleSetStmt" in node
      ? node.AlterRoleSetStmt.setstmt
      : "AlterDatabaseSetStmt" in node
        ? node.AlterDatabaseSetStmt.setstmt
        : undefined;
  if (stored !== undefined) {
    const value = (stored.args ?? []).map(valueText).join(",");
    return [{ name: (stored.name ?? "").toLowerCase(), value, scope: "stored" }];
  }
  return "SelectStmt" in node || "InsertStmt" in node || "UpdateStmt" in node || "DeleteStmt" in node
    ? readCalls(node)
    : [];
}

const nodes = z.array(z.custom<ParsedStatement["node"]>((value) => typeof value === "object")).optional();
const call = z.object({ funcname: nodes, args: nodes });

function readCalls(node: ParsedStatement["node"]): SetSetting[] {
  const found: SetSetting[] = [];
  walkSyntax(node, ({ kind, fields }) => {
    const parsed = kind === "FuncCall" ? call.safeParse(fields) : undefined;
    if (parsed?.success !== true || stringsOf(parsed.data.funcname).at(-1) !== "set_config") return true;
    const [name, value, local] = parsed.data.args ?? [];
    found.push({
      name: name === undefined ? "" : valueText(name).toLowerCase(),
      value: value === undefined ? "" : valueText(value),
      // Only a constant `true` is known to end with the transaction.
      scope: local !== undefined && isOn(valueText(local)) ? "transaction" : "session",
    });
    return true;
  });
  return found;
}
