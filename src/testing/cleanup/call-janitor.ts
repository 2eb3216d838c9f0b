import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Session } from "../../postgres/connect.js";
import type { JanitorSettings } from "./janitor-settings.js";
import { JANITOR_LOCK_CLASS, JANITOR_VARIABLE } from "./janitor-settings.js";

/** Only where the package is built: this project's own tests drop the whole server at their end. */
const script = fileURLToPath(new URL("./janitor.js", import.meta.url));

/**
 * Makes sure that a janitor looks after this server: a small process that drops what dead test processes have left, and
 * ends when nothing is left. Two that are called at once are harmless: the second ends.
 */
export async function callJanitor(session: Session, settings: JanitorSettings): Promise<void> {
  if (!existsSync(script)) return;
  // Looked up and not tried: a lock that is taken to try it would send the janitor away that is just starting.
  const held = await session`
    select from pg_catalog.pg_locks
    where locktype = 'advisory' and classid = ${JANITOR_LOCK_CLASS}::oid and granted
      and objid = (hashtext(${settings.prefix})::bigint & 4294967295)::oid
      and database = (select oid from pg_catalog.pg_database where datname = current_database())`;
  if (held.length > 0) return;
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, NODE_OPTIONS: "", [JANITOR_VARIABLE]: JSON.stringify(settings) },
    detached: true,
    windowsHide: true,
    stdio: "ignore",
  });
  // Without one the next run cleans up.
  child.on("error", () => {});
  child.unref();
}
