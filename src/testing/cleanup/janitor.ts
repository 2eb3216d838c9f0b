import { setTimeout as pause } from "node:timers/promises";
import { parseDatabaseUrl } from "../../core/database-url.js";
import type { Database } from "../../postgres/connect.js";
import { withDatabase } from "../../postgres/connect.js";
import { withEmbeddedLock } from "../../postgres/embedded/embedded-lock.js";
import { readPlace } from "../../postgres/embedded/place.js";
import { readPostmaster } from "../../postgres/embedded/postmaster.js";
import { readEmbedded } from "../../postgres/embedded/read-embedded.js";
import { stopPostmaster } from "../../postgres/embedded/stop-embedded.js";
import { JANITOR_LOCK_CLASS, JANITOR_VARIABLE, janitorSettings } from "./janitor-settings.js";
import { sweepDatabases } from "./sweep-databases.js";

const ROUND_MS = 1000;
/** A run may pause between two files that need a database; starting the server again costs it little. */
const QUIET_ROUNDS = 5;

const settings = janitorSettings.parse(JSON.parse(process.env[JANITOR_VARIABLE] ?? "{}"));
const server = parseDatabaseUrl(settings.serverUrl, JANITOR_VARIABLE);

// Nobody reads what it has to say: where the server is gone, there is nothing left to clean up.
const isQuiet = await withDatabase(server, { applicationName: "tenantry janitor" }, keepClean).catch(
  () => false,
);
if (isQuiet) await stopUnused();

/** Sweeps until nothing is left; false if another janitor does it. */
async function keepClean(database: Database): Promise<boolean> {
  const [lock] = await database<{ taken: boolean }[]>`
    select pg_try_advisory_lock(${JANITOR_LOCK_CLASS}::int, hashtext(${settings.prefix})) as taken`;
  if (lock?.taken !== true) return false;
  for (let quiet = 0; quiet < QUIET_ROUNDS; ) {
    const left = await sweepDatabases(database, settings.prefix);
    // On a server that is not ours to stop, others are none of our business.
    const others = settings.embedded === undefined ? 0 : await countOthers(database);
    quiet = left === 0 && others === 0 ? quiet + 1 : 0;
    await pause(ROUND_MS);
  }
  return true;
}

/** Stops the embedded server, unless somebody has begun to use it: whoever starts one takes the same lock. */
async function stopUnused(): Promise<void> {
  if (settings.embedded === undefined) return;
  const place = await readPlace(settings.embedded);
  await withEmbeddedLock(place.stateDirectory, async () => {
    const running = await readEmbedded(settings.embedded ?? { projectDirectory: "" });
    const postmaster = running === undefined ? undefined : await readPostmaster(running.dataDirectory);
    if (running === undefined || postmaster === undefined) return;
    const others = await withDatabase(running.url, { applicationName: "tenantry janitor" }, countOthers);
    if (others === 0) await stopPostmaster(running.dataDirectory, postmaster, running.logFile);
  });
}

/** Whoever else is connected to the server, to any of its databases. */
async function countOthers(database: Database): Promise<number> {
  const [row] = await database<{ others: number }[]>`
    select count(*)::int as others from pg_catalog.pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`;
  return row?.others ?? 0;
}
