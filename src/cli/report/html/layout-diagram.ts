import { Graph, layout } from "@dagrejs/dagre";
import { z } from "zod";
import type { Diagram } from "./group-tables.js";

/** A place in the picture, in pixels from its upper left corner. */
export type Point = { readonly x: number; readonly y: number };

/** Where everything is drawn. */
export type DiagramLayout = {
  readonly width: number;
  readonly height: number;
  /** The middle of each node, in their order. */
  readonly nodes: readonly Point[];
  /** From what is referred to, to what refers to it, in the order of the edges. */
  readonly edges: readonly (readonly Point[])[];
};

/** The size of a shape. */
export const NODE_WIDTH = 232;
export const NODE_HEIGHT = 46;

const GAP = 14;
const BETWEEN_RANKS = 72;
const MARGIN = 8;

const point = z.object({ x: z.number(), y: z.number() });
const size = z.object({ width: z.number(), height: z.number() });

/**
 * Lays a diagram out in columns: what is referred to stands to the left of what refers to it. Nodes without an edge are
 * packed below.
 */
export function layoutDiagram({ nodes, edges }: Diagram): DiagramLayout {
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: GAP, ranksep: BETWEEN_RANKS, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of linked) graph.setNode(String(node), { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const { from, to } of edges) graph.setEdge(String(to), String(from), {});
  const ranked = linked.size > 0 ? size.parse(layout(graph).graph()) : { width: 0, height: 0 };
  const alone = nodes.map((_, index) => index).filter((index) => !linked.has(index));
  const columns = Math.max(2, Math.floor((ranked.width - 2 * MARGIN + GAP) / (NODE_WIDTH + GAP)));
  const top = ranked.height + (linked.size > 0 ? GAP : MARGIN);
  const places = nodes.map((_, index): Point => {
    if (linked.has(index)) return point.parse(graph.node(String(index)));
    const at = alone.indexOf(index);
    return {
      x: MARGIN + NODE_WIDTH / 2 + (at % columns) * (NODE_WIDTH + GAP),
      y: top + NODE_HEIGHT / 2 + Math.floor(at / columns) * (NODE_HEIGHT + GAP),
    };
  });
  return {
    width: Math.max(...places.map(({ x }) => x + NODE_WIDTH / 2 + MARGIN), ranked.width),
    height: Math.max(...places.map(({ y }) => y + NODE_HEIGHT / 2 + MARGIN), ranked.height),
    nodes: places,
    edges: edges.map(
      ({ from, to }) =>
        z.object({ points: z.array(point) }).parse(graph.edge(String(to), String(from))).points,
    ),
  };
}
