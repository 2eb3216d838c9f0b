import type { Migration } from "../../migrate/folder/migration.js";
import { readFolder } from "../../migrate/folder/read-folder.js";
import { readParents } from "../../migrate/folder/read-parents.js";
import { orderMigrations } from "../../migrate/plan/order-migrations.js";
import type { StampScope } from "../../migrate/stamp/recognise.js";
import type { Replay } from "../../migrate/stamp/replay.js";
import { withReplay } from "../../migrate/stamp/replay.js";
import type { ShadowDatabase } from "../../postgres/shadow.js";
import type { Context } from "../context.js";
import type { Project } from "../project/project.js";
import { resolveShadowServer } from "../target.js";

/** The folder of a project, in the order in which it is applied. */
export async function readOrderedFolder(project: Project): Promise<readonly Migration[]> {
  return orderMigrations((await readParents(await readFolder(project.out))).migrations);
}

/** Which facts of the project's databases count. */
export function stampScope(project: Project): StampScope {
  return { ledger: project.ledger, ignore: project.settings.stamp.ignore };
}

/**
 * Replays migrations on the project's shadow.
 *
 * @throws TenantryError as `resolveShadowServer` and `withReplay`.
 */
export async function withProjectReplay<T>(
  context: Context,
  project: Project,
  folder: readonly Migration[],
  use: (replay: Replay, shadow: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const { logger, signal } = context;
  const server = await resolveShadowServer(context);
  const place = { server, connect: { urlName: "SHADOW_DATABASE_URL" }, out: project.out, signal, logger };
  return await withReplay(place, folder, use);
}
