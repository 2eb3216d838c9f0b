import { groupBy } from "../../../core/group-by.js";
import type { Reference, ReportTable } from "../report.js";

/** How a table is drawn. */
export type NodeStyle = "root" | "tenant" | "global" | "open" | "missing";

/** One shape of the diagram: a table, or several that look the same from everywhere. */
export type DiagramNode = {
  readonly style: NodeStyle;
  readonly tables: readonly string[];
  /** True if it refers to itself. */
  readonly refersToItself: boolean;
};

/** An arrow: one foreign key or more, by the places of the nodes. */
export type DiagramEdge = {
  readonly from: number;
  readonly to: number;
  readonly constraints: readonly string[];
  /** True if one of them lets a row refer to another tenant's. */
  readonly isLoose: boolean;
};

/** What is to be drawn. */
export type Diagram = { readonly nodes: readonly DiagramNode[]; readonly edges: readonly DiagramEdge[] };

/** From so many tables on, those that look the same share a shape. */
const MOST_SINGLE = 40;

/** A pair is not worth a shape of its own kind. */
const LEAST_GROUP = 3;

/**
 * The shapes and arrows for some tables. Where there are many, tables to which nobody refers, that refer to the same ones,
 * and that are isolated alike become one shape.
 */
export function groupTables(tables: readonly ReportTable[], references: readonly Reference[]): Diagram {
  const others = references.filter(({ from, to }) => from !== to);
  const referredTo = new Set(others.map(({ to }) => to));
  const targets = new Map<string, Set<string>>();
  const loose = new Set(others.filter(({ keepsTenant }) => !keepsTenant).map(({ from }) => from));
  for (const { from, to } of others) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const likenessOf = (each: ReportTable) =>
    tables.length <= MOST_SINGLE || referredTo.has(each.table) || loose.has(each.table)
      ? JSON.stringify([each.table])
      : JSON.stringify([styleOf(each), [...(targets.get(each.table) ?? [])].sort()]);
  const groups = [...groupBy(tables, likenessOf).values()].flatMap((group) =>
    group.length < LEAST_GROUP ? group.map((each) => [each]) : [group],
  );
  const toItself = new Set(references.filter(({ from, to }) => from === to).map(({ from }) => from));
  const nodes = groups.map((group): DiagramNode => {
    const names = group.map(({ table }) => table);
    const [first] = group;
    return {
      style: first === undefined ? "open" : styleOf(first),
      tables: names,
      refersToItself: names.some((each) => toItself.has(each)),
    };
  });
  const places = new Map(nodes.flatMap((node, index) => node.tables.map((each) => [each, index] as const)));
  const byEnds = groupBy(others, ({ from, to }) => JSON.stringify([places.get(from), places.get(to)]));
  const edges = [...byEnds.values()].flatMap((keys): DiagramEdge[] => {
    const [from, to] = [places.get(keys[0]?.from ?? ""), places.get(keys[0]?.to ?? "")];
    if (from === undefined || to === undefined) return [];
    const constraints = keys.map(({ constraint }) => constraint);
    return [{ from, to, constraints, isLoose: keys.some(({ keepsTenant }) => !keepsTenant) }];
  });
  return { nodes, edges };
}

function styleOf({ verdict, kind }: ReportTable): NodeStyle {
  if (verdict === "missing") return "missing";
  if (verdict === "not isolated" || kind === "not declared") return "open";
  return kind;
}
