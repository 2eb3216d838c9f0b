import { diffCatalogs } from "../../catalog/diff-catalogs.js";
import { readWholeStructure } from "../../catalog/read-whole-structure.js";
import { countOf } from "../../core/count-of.js";
import { messageOf, TenantryError } from "../../core/errors.js";
import type { Database } from "../../postgres/connect.js";
import { withShadowTemplate } from "../../postgres/shadow-template.js";
import type { Migration } from "../folder/migration.js";
import type { RehearsalPlace } from "../rehearse.js";
import { runOnShadow } from "../stamp/run-on-shadow.js";
import type { CompareOrders, Fork, HeadConflict } from "./find-head-conflicts.js";

/**
 * Judges a fork on the shadow: what both branches have in common is applied, then one branch and the other, in both
 * orders. They conflict if one order fails, or if the two lead to different catalogs.
 *
 * @throws TenantryError as `withShadowTemplate`; and `migration-failed` if already the common part does not apply.
 */
export function compareOrdersOnShadow(place: RehearsalPlace): CompareOrders {
  return async (fork) => {
    const [one, other] = fork.branches;
    const first = await applyOrder(place, fork, [...one, ...other]);
    if ("failed" in first) return describeFailure(fork, first);
    const second = await applyOrder(place, fork, [...other, ...one]);
    if ("failed" in second) return describeFailure(fork, second);
    const differences = diffCatalogs(first.structure, second.structure);
    if (differences.length === 0) return undefined;
    const objects = [...new Set(differences.map(({ subject }) => subject))];
    return { migrations: pickPair(fork, objects), objects };
  };
}

type Failure = { readonly failed: Migration; readonly why: string };

async function applyOrder(place: RehearsalPlace, { base }: Fork, order: readonly Migration[]) {
  const { server, connect, out, signal, logger } = place;
  const content = base.map(({ name, hash }) => `${name} ${hash}`);
  const build = async ({ database }: { readonly database: Database }) => {
    logger.info(
      `applying ${countOf(base.length, "migration")} to the shadow, which the branches have in common`,
    );
    for (const migration of base) await runOnShadow(database, migration, signal);
  };
  return await withShadowTemplate(
    { server, connect, family: `heads ${out}`, content, build },
    async ({
      database,
    }): Promise<Failure | { readonly structure: Awaited<ReturnType<typeof readWholeStructure>> }> => {
      for (const migration of order) {
        try {
          await runOnShadow(database, migration, signal);
        } catch (thrown) {
          if (thrown instanceof TenantryError && thrown.code === "interrupted") throw thrown;
          return { failed: migration, why: messageOf(thrown) };
        }
      }
      return { structure: await readWholeStructure(database) };
    },
  );
}

/** The migration that failed came after the other branch. */
function describeFailure({ branches: [one, other] }: Fork, { failed, why }: Failure): HeadConflict {
  const opposite = one.includes(failed) ? other : one;
  const culprit = opposite.at(-1) ?? failed;
  return { migrations: inOrder([failed.name, culprit.name]), objects: [why] };
}

/** Of each branch the last migration that names one of the objects; its head, if none does. */
function pickPair({ branches }: Fork, objects: readonly string[]): readonly [string, string] {
  const names = objects.map((subject) => subject.split(".").at(-1) ?? subject);
  const [one = "", other = ""] = branches.map(
    (branch) =>
      (branch.findLast(({ sql }) => names.some((name) => sql.includes(name))) ?? branch.at(-1))?.name ?? "",
  );
  return inOrder([one, other]);
}

function inOrder([one, other]: readonly [string, string]): readonly [string, string] {
  return one < other ? [one, other] : [other, one];
}
