import { countOf } from "../../../core/count-of.js";
import { cutText } from "../../cut-text.js";
import type { Reference, ReportTable } from "../report.js";
import type { DiagramEdge, DiagramNode, NodeStyle } from "./group-tables.js";
import { groupTables } from "./group-tables.js";
import type { Point } from "./layout-diagram.js";
import { layoutDiagram, NODE_HEIGHT, NODE_WIDTH } from "./layout-diagram.js";
import type { Markup } from "./markup.js";
import { html } from "./markup.js";
import { visibleText } from "./visible-text.js";

/** More shapes than a person can follow; the table below says the same. */
const MOST_NODES = 120;

/** Columns of a name that fit into a shape. */
const NAME_COLUMNS = 26;

/** What stands in a shape, so that neither colour nor outline has to say it alone. */
const KINDS: Readonly<Record<NodeStyle, readonly [sign: string, one: string, several: string]>> = {
  root: ["◆", "tenant root", "tenant roots"],
  tenant: ["●", "tenant table", "tenant tables"],
  global: ["○", "global table", "global tables"],
  open: ["✕", "NOT ISOLATED", "NOT ISOLATED"],
  missing: ["?", "missing", "missing"],
};

/** The tables as shapes and their foreign keys as arrows, or why there is no picture. */
export function renderDiagram(tables: readonly ReportTable[], references: readonly Reference[]): Markup {
  const diagram = groupTables(tables, references);
  const { nodes, edges } = diagram;
  if (nodes.length > MOST_NODES) {
    return html`<p class="notice info">No diagram: ${nodes.length} shapes are more than anybody can follow. The table below has each table and what it refers to.</p>`;
  }
  const { width, height, nodes: places, edges: ways } = layoutDiagram(diagram);
  const styles = [...new Set(nodes.map(({ style }) => style))];
  const label = `${countOf(tables.length, "table")} and ${countOf(references.length, "foreign key")} as a diagram; the table below says the same`;
  const isGrouped = nodes.length < tables.length;
  return html`
<ul class="legend">${styles.map(
    (style) =>
      html`<li><svg width="34" height="22" aria-hidden="true"><g class="${style}">${shape(style, { x: 17, y: 11 }, 30, 18)}</g></svg> ${KINDS[style][0]} ${KINDS[style][1]}</li>`,
  )}${edges.length === 0 ? "" : html`<li>An arrow is a foreign key, and points to what it refers to.</li>`}${
    edges.some(({ isLoose }) => isLoose) ? html`<li>Dashed: it can refer to another tenant's row.</li>` : ""
  }</ul>
${isGrouped ? html`<p class="soft">Tables that nobody refers to, that refer to the same ones and are isolated alike share a shape.</p>` : ""}
<div class="scroll diagram" role="region" tabindex="0" aria-label="Diagram of the tables">
<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${label}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}">
${edges.map((edge, index) => drawEdge(edge, ways[index] ?? []))}${nodes.map((node, index) => drawNode(node, places[index] ?? { x: 0, y: 0 }))}</svg>
</div>`;
}

function drawNode({ style, tables, refersToItself }: DiagramNode, at: Point): Markup {
  const [sign, one, several] = KINDS[style];
  const [first = ""] = tables;
  const title = tables.length === 1 ? first : `${tables.length} tables: ${tables.join(", ")}`;
  const text = tables.length === 1 ? cutText(visibleText(first), NAME_COLUMNS) : `${tables.length} tables`;
  const kind = `${sign} ${tables.length === 1 ? one : several}${refersToItself ? " ↺" : ""}`;
  return html`<g class="${style}"><title>${title}${refersToItself ? ", refers to itself" : ""}</title>${shape(style, at, NODE_WIDTH, NODE_HEIGHT)}<text x="${round(at.x)}" y="${round(at.y - 3)}">${text}</text><text class="kind" x="${round(at.x)}" y="${round(at.y + 14)}">${kind}</text></g>
`;
}

/** Each style has an outline of its own. */
function shape(style: NodeStyle, { x, y }: Point, width: number, height: number): Markup {
  const [left, right, top, bottom] = [x - width / 2, x + width / 2, y - height / 2, y + height / 2];
  const corner = height / 4;
  const box = html`x="${round(left)}" y="${round(top)}" width="${width}" height="${height}"`;
  switch (style) {
    case "root":
      return polygon([
        [left, y],
        [left + corner, top],
        [right - corner, top],
        [right, y],
        [right - corner, bottom],
        [left + corner, bottom],
      ]);
    case "open":
      return polygon([
        [left, top + corner],
        [left + corner, top],
        [right - corner, top],
        [right, top + corner],
        [right, bottom - corner],
        [right - corner, bottom],
        [left + corner, bottom],
        [left, bottom - corner],
      ]);
    case "tenant":
      return html`<rect class="shape" ${box} rx="${height / 4}"/>`;
    default:
      return html`<rect class="shape" ${box}/>`;
  }
}

function polygon(points: readonly (readonly [number, number])[]): Markup {
  return html`<polygon class="shape" points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ")}"/>`;
}

/** A smooth line, with its tip at what is referred to. */
function drawEdge({ constraints, isLoose }: DiagramEdge, way: readonly Point[]): Markup {
  const [start, next] = way;
  const end = way.at(-1);
  if (start === undefined || next === undefined || end === undefined) return html``;
  const middle = way.slice(1, -1).map((each, index) => {
    const after = way[index + 2] ?? end;
    const isLast = index === way.length - 3;
    const to = isLast ? end : { x: (each.x + after.x) / 2, y: (each.y + after.y) / 2 };
    return `Q${round(each.x)} ${round(each.y)} ${round(to.x)} ${round(to.y)}`;
  });
  const path = `M${round(start.x)} ${round(start.y)}${middle.length > 0 ? middle.join("") : `L${round(end.x)} ${round(end.y)}`}`;
  const angle = Math.atan2(next.y - start.y, next.x - start.x);
  const tip = [0, 0.4, -0.4].map((turn) => {
    const far = turn === 0 ? 0 : 9;
    return `${round(start.x + far * Math.cos(angle + turn))},${round(start.y + far * Math.sin(angle + turn))}`;
  });
  return html`<g><title>${constraints.join(", ")}</title><path class="edge${isLoose ? " loose" : ""}" d="${path}"/><polygon class="tip" points="${tip.join(" ")}"/></g>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
