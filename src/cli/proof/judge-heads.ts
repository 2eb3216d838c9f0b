import { TenantryError } from "../../core/errors.js";
import type { Migration } from "../../migrate/folder/migration.js";
import { readParents } from "../../migrate/folder/read-parents.js";
import { compareOrdersOnShadow } from "../../migrate/heads/compare-orders.js";
import type { HeadsJudgement } from "../../migrate/heads/find-head-conflicts.js";
import { findHeadConflicts } from "../../migrate/heads/find-head-conflicts.js";
import { requireHeadsAgree } from "../../migrate/heads/require-heads-agree.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";
import { resolveShadowServer } from "../target.js";

/**
 * Judges the branches of a folder. The shadow is asked, and started, only if the snapshots cannot tell, and only where
 * there is one.
 *
 * @param migrations with parents.
 * @param concerns names of migrations: branches with none of them are left out. Default all.
 */
export async function judgeHeads(
  context: Context,
  project: Project,
  migrations: readonly Migration[],
  concerns?: ReadonlySet<string>,
): Promise<HeadsJudgement> {
  const judgement = await findHeadConflicts(migrations, { concerns });
  if (judgement.unjudged.length === 0) return judgement;
  const server = await resolveShadowServer(context).catch((thrown: unknown) => {
    if (thrown instanceof TenantryError && thrown.code === "argument-invalid") return undefined;
    throw thrown;
  });
  if (server === undefined) return judgement;
  const { logger, signal } = context;
  const connect = { urlName: "SHADOW_DATABASE_URL" };
  const compareOrders = compareOrdersOnShadow({ server, connect, out: project.out, signal, logger });
  return await findHeadConflicts(migrations, { concerns, compareOrders });
}

/** What to say of branches that nobody could judge. */
export function describeUnjudged({ unjudged }: HeadsJudgement): string[] {
  return unjudged.map(
    ([one, other]) =>
      `nobody can tell whether ${one} and ${other} go together: their SQL is not all drizzle-kit's, and there is no shadow to try both orders on (SHADOW_DATABASE_URL)`,
  );
}

/**
 * Puts a folder into the order of its graph, and refuses to apply branches that conflict.
 *
 * @param pending the names of what is about to run; branches that were applied are no longer anybody's choice.
 * @throws TenantryError `migrations-folder` naming each two migrations and what both touch.
 */
export async function requireJoinableHeads(
  context: Context,
  project: Project,
  folder: readonly Migration[],
  pending: ReadonlySet<string>,
): Promise<readonly Migration[]> {
  const { migrations } = await readParents(folder);
  const judgement = await judgeHeads(context, project, migrations, pending);
  requireHeadsAgree(judgement);
  for (const warning of describeUnjudged(judgement)) context.logger.warn(warning);
  return migrations;
}
