import { readWholeStructure } from "../../catalog/read-whole-structure.js";
import type { BuildableFact } from "../../catalog/way/fact-statements.js";
import { readBuildableFacts } from "../../catalog/way/fact-statements.js";
import { countOf } from "../../core/count-of.js";
import type { Database } from "../../postgres/connect.js";
import type { ShadowDatabase } from "../../postgres/shadow.js";
import { withShadowTemplate } from "../../postgres/shadow-template.js";
import type { Migration } from "../folder/migration.js";
import type { RehearsalPlace } from "../rehearse.js";
import { throwIfStopped } from "../run/interrupted.js";
import { runOnShadow } from "./run-on-shadow.js";

/** What one migration changed. */
export type ReplayStep = {
  readonly name: string;
  /** Facts that are new, or of another value. */
  readonly set: readonly BuildableFact[];
  /** Keys of facts that are no more. */
  readonly gone: readonly string[];
};

/** A folder, applied migration by migration to an empty database. */
export type Replay = {
  /** What an empty database has. */
  readonly start: readonly BuildableFact[];
  readonly steps: readonly ReplayStep[];
};

/** Goes up when facts are read or stored otherwise. */
const FORMAT = "1";

/**
 * Applies a folder to the shadow, or takes what was applied to it the last time, and says what each migration changed.
 *
 * @param use may also look at the shadow, on which the whole folder is applied.
 * @throws TenantryError `migration-failed` naming migration and statement, `interrupted`, and as `openDatabase`.
 */
export async function withReplay<T>(
  place: RehearsalPlace,
  folder: readonly Migration[],
  use: (replay: Replay, shadow: ShadowDatabase) => Promise<T>,
): Promise<T> {
  return await withShadowTemplate(
    {
      server: place.server,
      connect: place.connect,
      family: `replay ${place.out}`,
      content: [FORMAT, ...folder.map(({ name, hash }) => `${name} ${hash}`)],
      build: async ({ database }) => {
        place.logger.info(
          `replaying ${countOf(folder.length, "migration")} on the shadow, to see what each of them changes`,
        );
        await storeReplay(database, await replayFolder(database, folder, place.signal));
      },
    },
    async (shadow) => {
      const replay = await loadReplay(shadow.database);
      await shadow.database.unsafe("drop schema tenantry_replay cascade");
      return await use(replay, shadow);
    },
  );
}

/** Applies a folder to an empty database, and reads after each migration what there is. */
async function replayFolder(
  database: Database,
  folder: readonly Migration[],
  signal: AbortSignal | undefined,
): Promise<Replay> {
  const start = readBuildableFacts(await readWholeStructure(database));
  let before = toMap(start);
  const steps: ReplayStep[] = [];
  for (const migration of folder) {
    throwIfStopped(signal);
    await runOnShadow(database, migration, signal);
    const after = toMap(readBuildableFacts(await readWholeStructure(database)));
    steps.push({
      name: migration.name,
      set: [...after.values()].filter((fact) => !isSame(before.get(fact.key), fact)),
      gone: [...before.keys()].filter((key) => !after.has(key)),
    });
    before = after;
  }
  return { start, steps };
}

/** The facts after a number of steps. */
export function factsAfter(replay: Replay, count: number): ReadonlyMap<string, BuildableFact> {
  const facts = toMap(replay.start);
  for (const { set, gone } of replay.steps.slice(0, count)) {
    for (const key of gone) facts.delete(key);
    for (const fact of set) facts.set(fact.key, fact);
  }
  return facts;
}

function toMap(facts: readonly BuildableFact[]): Map<string, BuildableFact> {
  return new Map(facts.map((fact) => [fact.key, fact]));
}

/** The SQL too: a table that is made with one column more is made otherwise. */
function isSame(one: BuildableFact | undefined, other: BuildableFact): boolean {
  return one?.value === other.value && one.make.join(";") === other.make.join(";");
}

async function storeReplay(database: Database, replay: Replay): Promise<void> {
  await database
    .unsafe("create schema tenantry_replay; create table tenantry_replay.content (number int, part text)")
    .simple();
  const parts = [JSON.stringify(replay.start), ...replay.steps.map((step) => JSON.stringify(step))];
  await database`
    insert into tenantry_replay.content
    select number, part from unnest(${parts}::text[]) with ordinality as given(part, number)`;
}

/** What {@link storeReplay} wrote into a template that nobody else writes to. */
async function loadReplay(database: Database): Promise<Replay> {
  const rows = await database<{ part: BuildableFact[] | ReplayStep }[]>`
    select part::jsonb as part from tenantry_replay.content order by number`;
  const [start, ...steps] = rows.map(({ part }) => part);
  return {
    start: Array.isArray(start) ? start : [],
    steps: steps.flatMap((step) => (step === undefined || Array.isArray(step) ? [] : [step])),
  };
}
