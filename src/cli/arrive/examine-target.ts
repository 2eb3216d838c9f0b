import type { Migration } from "../../migrate/folder/migration.js";
import { readLedger } from "../../migrate/ledger/ledger.js";
import type { Arrival } from "../../migrate/stamp/arrive.js";
import { describeArrival, isEmptyDatabase, readTargetFacts } from "../../migrate/stamp/arrive.js";
import type { Replay } from "../../migrate/stamp/replay.js";
import { withDatabase } from "../../postgres/connect.js";
import { readServerFacts } from "../../postgres/server-facts.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";
import type { Target } from "../target.js";
import { stampScope, withProjectReplay } from "./with-project-replay.js";

/** What a target is: with a ledger, or as it is found. */
export type Examination = { readonly kind: "recorded" } | (Arrival & { readonly replay: Replay | undefined });

/**
 * Says what a target is before anything is done with it. Only tables without a ledger need the shadow.
 *
 * @param folder in the order in which it is applied.
 */
export async function examineTarget(
  context: Context,
  project: Project,
  target: Target,
  folder: readonly Migration[],
): Promise<Examination> {
  const scope = stampScope(project);
  const first = await withDatabase(target.url, target.connect, async (database) => {
    if ((await readLedger(database, project.ledger)).length > 0) return "recorded";
    return (await isEmptyDatabase(database, scope)) ? "fresh" : "unknown";
  });
  if (first === "recorded") return { kind: "recorded" };
  if (first === "fresh") return { kind: "fresh", replay: undefined };
  context.logger.info("there is something in the database, and no ledger: looking for what it is");
  return await withProjectReplay(context, project, folder, async (replay, shadow) =>
    withDatabase(target.url, target.connect, async (database) => {
      const [here, there] = await Promise.all([readServerFacts(database), readServerFacts(shadow.database)]);
      if (here.major !== there.major) {
        context.logger.warn(
          `the target is PostgreSQL ${here.major}, the shadow ${there.major}: some definitions may be printed differently`,
        );
      }
      const facts = await readTargetFacts(database, replay);
      return { ...describeArrival(replay, folder, facts, scope), replay };
    }),
  );
}
