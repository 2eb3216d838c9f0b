import type { Catalog } from "./catalog.js";
import type { Fact } from "./facts.js";
import { readFacts } from "./facts.js";

/** One fact that is not the same on both sides; a side that lacks it is undefined. */
export type Difference = Omit<Fact, "value"> & {
  readonly demanded: string | undefined;
  readonly actual: string | undefined;
};

/**
 * The one differ: where what a database has is not what it should have. Both sides come from the server's own catalog,
 * because PostgreSQL prints expressions its own way.
 */
export function diffCatalogs(demanded: Catalog, actual: Catalog): Difference[] {
  const differences = listDifferences(demanded, actual);
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

function listDifferences(demanded: Catalog, actual: Catalog): Difference[] {
  const wanted = new Map(readFacts(demanded).map((fact) => [fact.key, fact]));
  const found = new Map(readFacts(actual).map((fact) => [fact.key, fact]));
  return [...new Map([...wanted, ...found]).values()].flatMap(({ value: _, ...fact }) => {
    const demandedValue = wanted.get(fact.key)?.value;
    const actualValue = found.get(fact.key)?.value;
    return demandedValue === actualValue ? [] : [{ ...fact, demanded: demandedValue, actual: actualValue }];
  });
}
