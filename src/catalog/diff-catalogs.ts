import type { Structure } from "./catalog.js";
import type { Fact } from "./facts.js";
import { readFacts } from "./facts.js";
import type { FactOptions } from "./select-facts.js";
import { selectFacts } from "./select-facts.js";

/** One fact that is not the same on both sides; a side that lacks it is undefined. */
export type Difference = Omit<Fact, "value"> & {
  readonly demanded: string | undefined;
  readonly actual: string | undefined;
};

/**
 * The one differ: where what a database has is not what it should have. Both sides come from the server's own catalog,
 * because PostgreSQL prints expressions its own way. What was read of one side alone is not compared.
 *
 * @param options which facts count. Without them, constraints that differ in nothing but a name are equal.
 */
export function diffCatalogs(demanded: Structure, actual: Structure, options?: FactOptions): Difference[] {
  const isWhole = demanded.objects !== undefined && actual.objects !== undefined;
  const read = ({ objects, ...structure }: Structure) =>
    selectFacts(readFacts(isWhole && objects !== undefined ? { ...structure, objects } : structure), options);
  const differences = listDifferences(read(demanded), read(actual));
  if (options !== undefined) return differences;
  return differences.filter((one) => !differences.some((other) => differOnlyInName(one, other)));
}

/**
 * drizzle-kit lets a constraint that it has named itself keep its name when the table or a column is renamed: the same
 * constraint of the same table, twice.
 */
function differOnlyInName(one: Difference, other: Difference): boolean {
  const isConstraint = one.key.startsWith("constraint ") && other.key.startsWith("constraint ");
  if (!isConstraint || one.subject !== other.subject) return false;
  const [here, there] = one.actual === undefined ? [other, one] : [one, other];
  return here.demanded === undefined && there.actual === undefined && here.actual === there.demanded;
}

function listDifferences(demanded: readonly Fact[], actual: readonly Fact[]): Difference[] {
  const wanted = new Map(demanded.map((fact) => [fact.key, fact]));
  const found = new Map(actual.map((fact) => [fact.key, fact]));
  return [...new Map([...wanted, ...found]).values()].flatMap(({ value: _, ...fact }) => {
    const demandedValue = wanted.get(fact.key)?.value;
    const actualValue = found.get(fact.key)?.value;
    return demandedValue === actualValue ? [] : [{ ...fact, demanded: demandedValue, actual: actualValue }];
  });
}
