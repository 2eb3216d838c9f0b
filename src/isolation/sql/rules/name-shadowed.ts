import type { DefElem, Node } from "libpg-query";
import type { SqlRule } from "../sql-rule.js";
import { stringsOf } from "../syntax-names.js";
import { isBuiltInType, isSystemSchema } from "../system-names.js";
import type { Act, ActChange } from "../track-acts.js";
import { trackActs } from "../track-acts.js";

/** What stands under the name of something that policies use may be taken for it. */
export const nameShadowed: SqlRule = {
  id: "name-shadowed",
  threats: [48, 79],
  check: (context) =>
    trackActs(context, ({ node }) => [...readFunction(node), ...readOperator(node), ...readCast(node)]),
};

/** By these the tenant comes into a policy and out of a session. */
const FUNCTIONS: ReadonlySet<string> = new Set(["current_setting", "set_config"]);
const OPERATORS: ReadonlySet<string> = new Set(["=", "<>"]);

function readFunction(node: Node): ActChange[] {
  if (!("CreateFunctionStmt" in node)) return [];
  const [name = "", schema] = stringsOf(node.CreateFunctionStmt.funcname).reverse();
  // In the server's own schema it has a rule of its own.
  if (!FUNCTIONS.has(name) || isSystemSchema(schema)) return [];
  return [{ key: `function ${name}`, act: shadow(name, "function") }];
}

function readOperator(node: Node): ActChange[] {
  if (!("DefineStmt" in node) || node.DefineStmt.kind !== "OBJECT_OPERATOR") return [];
  const { defnames, definition } = node.DefineStmt;
  const [name = "", schema] = stringsOf(defnames).reverse();
  const options = (definition ?? []).flatMap((each) => ("DefElem" in each ? [each.DefElem] : []));
  const isOfServer = ["leftarg", "rightarg"].every((side) => isBuiltIn(options, side));
  if (!OPERATORS.has(name) || !isOfServer || isSystemSchema(schema)) return [];
  return [{ key: `operator ${name}`, act: shadow(name, "operator") }];
}

function isBuiltIn(options: readonly DefElem[], side: string): boolean {
  const type = options.find(({ defname }) => defname === side)?.arg;
  return type !== undefined && "TypeName" in type && isBuiltInType(type.TypeName);
}

/** A cast between two types of the server's own: policies that are written later read the setting through it. */
function readCast(node: Node): ActChange[] {
  if (!("CreateCastStmt" in node)) return [];
  const { sourcetype, targettype } = node.CreateCastStmt;
  if (!isBuiltInType(sourcetype) || !isBuiltInType(targettype)) return [];
  const name = [sourcetype, targettype].map((type) => stringsOf(type?.names).at(-1) ?? "").join(" as ");
  return [{ key: `cast ${name}`, act: shadow(name, "cast") }];
}

function shadow(name: string, kind: string): Act {
  return {
    level: "error",
    subject: name,
    detail: `this ${kind} may be taken for the server's own, by which policies tell tenants apart`,
    fix: "Give it another name, or types of its own.",
  };
}
