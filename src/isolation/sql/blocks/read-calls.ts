import type { Node } from "libpg-query";
import { z } from "zod";
import { stringsOf } from "../syntax-names.js";
import { runsQuery } from "../system-names.js";
import { walkSyntax } from "../walk-syntax.js";

/** A call of a function or procedure. */
export type Call = {
  /** Undefined where the call has none. */
  readonly schema: string | undefined;
  readonly name: string;
  /** How many arguments it has; undefined if the last stands for any number. */
  readonly count: number | undefined;
};

const funcCall = z.object({
  funcname: z.array(z.custom<Node>((value) => typeof value === "object")),
  args: z.array(z.unknown()).default([]),
  func_variadic: z.boolean().default(false),
});

/** The calls that a statement makes now, and not whenever something that it makes is used. */
export function readCalls(node: Node): Call[] {
  if (!runsQuery(node)) return [];
  const calls = new Map<string, Call>();
  walkSyntax(node, ({ kind, fields }) => {
    if (kind !== "FuncCall" && kind !== "CallStmt") return true;
    const parsed = funcCall.safeParse(kind === "CallStmt" ? fields.funccall : fields);
    if (!parsed.success) return true;
    const { funcname, args, func_variadic } = parsed.data;
    const names = stringsOf(funcname);
    const count = func_variadic ? undefined : args.length;
    const call = { schema: names.at(-2), name: names.at(-1) ?? "", count };
    calls.set(JSON.stringify([names, count ?? null]), call);
    return true;
  });
  return [...calls.values()];
}
