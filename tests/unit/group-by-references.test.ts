import fc from "fast-check";
import { expect, it } from "vitest";
import { tableKey } from "../../src/data/rows/read-tables.js";
import { groupByReferences } from "../../src/data/tenant/group-by-references.js";

const named = (number: number) => ({ schema: "public", name: `t${number}` });
const graphs = fc.integer({ min: 1, max: 8 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    edges: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count)), { maxLength: 24 }),
  }),
);

/** Everything that a table reaches, by the plainest of ways. */
function reachable(edges: readonly (readonly [number, number])[], from: number): Set<number> {
  const reached = new Set<number>();
  const add = (number: number) => {
    for (const [own, other] of edges) {
      if (own !== number || reached.has(other)) continue;
      reached.add(other);
      add(other);
    }
  };
  add(from);
  return reached;
}

it("puts tables behind what they refer to, and those of a circle together", () => {
  fc.assert(
    fc.property(graphs, ({ count, edges }) => {
      const tables = Array.from({ length: count }, (_, number) => named(number));
      const references = edges.map(([own, other]) => ({
        table: tableKey(named(own)),
        foreignTable: tableKey(named(other)),
      }));
      const groups = groupByReferences(tables, references);
      const place = new Map(
        groups.flatMap((group, index) => group.map(({ name }) => [name, index] as const)),
      );
      expect(groups.flat()).toHaveLength(count);
      expect(place.size).toBe(count);
      for (let one = 0; one < count; one += 1) {
        const reached = reachable(edges, one);
        for (let other = 0; other < count; other += 1) {
          if (one === other || !reached.has(other)) continue;
          const isCircle = reachable(edges, other).has(one);
          const [own = -1, its = -1] = [place.get(`t${one}`), place.get(`t${other}`)];
          if (isCircle) expect(own).toBe(its);
          else expect(own).toBeGreaterThan(its);
        }
      }
    }),
  );
});
