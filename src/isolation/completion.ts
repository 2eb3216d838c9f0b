import type { Difference } from "../catalog/diff-catalogs.js";
import type { Demand } from "./demands.js";
import { demandSql } from "./demands.js";
import { doorCallers } from "./doors/door-demands.js";
import type { Expected } from "./expected.js";

/** SQL that closes differences, and the differences that it leaves to people. */
export type Completion = {
  readonly statements: readonly string[];
  /** What the code does not ask for, or what only a migration of drizzle-kit's can change. */
  readonly left: readonly Difference[];
};

/**
 * The SQL that brings the security of a database to what the code demands: what is missing or different is made anew,
 * what is granted beyond it is revoked. Policies and triggers that the code does not know are left to people.
 */
export function completeDifferences(
  expected: Expected,
  demands: readonly Demand[],
  differences: readonly Difference[],
): Completion {
  const byKey = new Map(demands.map((demand) => [demand.key, demand]));
  const roles = new Set([...Object.values(expected.settings.roles), ...doorCallers(expected), "PUBLIC"]);
  const open = new Map(
    differences.flatMap((difference) =>
      difference.demanded === undefined ? [] : [[difference.key, difference] as const],
    ),
  );
  const removable = (difference: Difference) =>
    difference.demanded === undefined &&
    difference.removal !== undefined &&
    (difference.grantee === undefined || roles.has(difference.grantee));
  const removals = differences.filter(removable);
  const removalsOf = (kind: "function" | "schema" | "other") =>
    removals
      .filter(({ key }) => (/^(function|schema) /.exec(key)?.[1] ?? "other") === kind)
      .flatMap(({ removal }) => removal ?? []);
  return {
    statements: [
      ...removalsOf("other"),
      ...demands.flatMap((demand) => {
        const difference = open.get(demand.key);
        if (difference === undefined) return [];
        return difference.actual === undefined ? demand.make : demandSql(demand);
      }),
      // A function goes when no trigger calls it any more: after those that are dropped, and those that are replaced.
      ...removalsOf("function"),
      ...removalsOf("schema"),
    ],
    left: differences.filter(
      (difference) => !removable(difference) && !(open.has(difference.key) && byKey.has(difference.key)),
    ),
  };
}
