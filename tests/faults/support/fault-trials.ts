import { applyMigrations, DEFAULT_LEDGER, readFolder } from "../../../src/migrate/index.js";
import { createEmptyDatabase } from "../../../src/testing/create-empty-database.js";
import { serverUrl } from "../../support/databases.js";
import { type FaultPoint, startFaultProxy } from "./fault-proxy.js";
import { type RunOutcome, readOutcome } from "./read-outcome.js";
import { type MigratorEnd, startMigrator } from "./start-migrator.js";

/** True for the long form, `make faults`; the test run does a part of it. */
export const isLongForm = process.env.FAULTS === "all";

/** Applies whatever is left, in this process and undisturbed. */
export async function finishRun(url: URL, folder: string): Promise<void> {
  await applyMigrations({
    url,
    folder: await readFolder(folder),
    ledger: DEFAULT_LEDGER,
    adminRole: "app_admin",
    lockWaitSeconds: 120,
  });
}

/** What an undisturbed run leaves. */
export async function readUndisturbed(folder: string): Promise<RunOutcome> {
  return await withTrialDatabase(async (database) => {
    await finishRun(database.adminUrl, folder);
    return await readOutcome(database.admin);
  });
}

/** How often a migrator sends something in an undisturbed run. */
export async function countMessages(folder: string): Promise<number> {
  return await withTrialDatabase(async ({ adminUrl }) => {
    const proxy = await startFaultProxy(adminUrl);
    const { status } = await startMigrator(proxy.url, folder).ended;
    await proxy.close();
    if (status !== 0) throw new Error(`an undisturbed run ended with ${status}`);
    return proxy.messages();
  });
}

/** One disturbed run, and what is there after it was finished. */
export type Trial = {
  readonly name: string;
  /** False if the run had ended before: how often it asks for a lock, for one, is not the same each time. */
  readonly hasStruck: boolean;
  readonly end: MigratorEnd;
  readonly outcome: RunOutcome;
};

/** Runs a migrator through a proxy that kills it (SIGKILL), or cuts its connections, at one message. */
export async function runTrial(
  folder: string,
  point: Pick<FaultPoint, "message" | "moment"> & { readonly fault: "kill" | "connection" | "all" },
): Promise<Trial> {
  const { message, moment, fault } = point;
  return await withTrialDatabase(async ({ adminUrl, admin }) => {
    let kill = () => {};
    const strike = fault === "kill" ? () => kill() : fault;
    const proxy = await startFaultProxy(adminUrl, { message, moment, strike });
    const { child, ended } = startMigrator(proxy.url, folder);
    kill = () => void child.kill("SIGKILL");
    const end = await ended;
    const hasStruck = proxy.hasStruck();
    await proxy.close();
    const name = `${fault} ${moment} message ${message}`;
    await finishRun(adminUrl, folder);
    return { name, hasStruck, end, outcome: await readOutcome(admin) };
  });
}

/** Runs a function with a database of its own, dropped afterwards. */
export async function withTrialDatabase<T>(
  use: (database: Awaited<ReturnType<typeof createEmptyDatabase>>) => Promise<T>,
): Promise<T> {
  const database = await createEmptyDatabase({ serverUrl, prefix: "tenantry_fault" });
  try {
    return await use(database);
  } finally {
    await database.drop();
  }
}

/** Runs trials, a few at a time, and gives their results in order. */
export async function runAll<T, R>(
  items: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
