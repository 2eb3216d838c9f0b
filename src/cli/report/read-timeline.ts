import { readHistory, readRun } from "../../migrate/history/read-history.js";
import type { Session } from "../../postgres/connect.js";
import { readNamedFolder } from "../history/read-named-folder.js";
import type { Project } from "../project/project.js";
import type { Timeline } from "./report.js";

/**
 * Reads the newest runs of the log with their migrations.
 *
 * @throws TenantryError as `readHistory`.
 */
export async function readTimeline(session: Session, project: Project, limit: number): Promise<Timeline> {
  const folder = await readNamedFolder(project.out);
  const history = await readHistory(session, { ledger: project.ledger, limit, folder });
  const runs: Timeline["runs"][number][] = [];
  for (const { id } of history.runs) {
    const found = await readRun(session, id);
    if (found !== undefined) runs.push(found);
  }
  return { ...history, runs };
}
