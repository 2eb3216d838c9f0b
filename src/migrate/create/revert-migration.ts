import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TenantryError } from "../../core/errors.js";
import type { Database } from "../../postgres/connect.js";
import { reconstructSnapshot } from "../drizzle-kit.js";
import type { Migration } from "../folder/migration.js";
import { requireV1Layout } from "../folder/require-v1-layout.js";
import { reverseRenames } from "../rollback/reverse-renames.js";
import { walkBack } from "../rollback/walk-back.js";
import { throwIfStopped } from "../run/interrupted.js";
import type { Replay } from "../stamp/replay.js";
import type { CreateOptions } from "./create-migration.js";
import { draftCustom, nextFolderName, publish, withTemporaryCopy } from "./create-migration.js";
import { findLosses } from "./find-losses.js";
import { formatMigration, generatedStatements } from "./migration-text.js";
import { revertFacts } from "./revert-facts.js";
import { describeState, revertSnapshot } from "./revert-snapshot.js";

/** What is undone. */
export type RevertOptions = Pick<CreateOptions, "project" | "exports" | "out" | "signal"> & {
  /** The migration to undo. */
  readonly name: string;
  /** In the order in which it is applied. */
  readonly folder: readonly Migration[];
  readonly replay: Replay;
  /** With the whole folder applied. */
  readonly shadow: Database;
  readonly dryRun: boolean;
};

/** What became of it. */
export type RevertResult = {
  readonly status: "written" | "planned";
  readonly name: string;
  readonly file: string;
  readonly sql: string;
  /** What it drops, such as `table documents`. */
  readonly losses: readonly string[];
  /** False where snapshots are missing: then drizzle-kit does not know what it does. */
  readonly hasSnapshot: boolean;
};

const ENOUGH = new Error("enough was seen");

/**
 * Writes a migration that undoes an earlier one and leaves what came after it: proven on the shadow, where the catalog
 * afterwards is what it would be without that migration. `down.sql` wins.
 *
 * @throws TenantryError `revert-conflicts` naming the later migrations that build on it, `rollback-impossible`,
 * `argument-invalid`, `generate-failed`.
 */
export async function revertMigration(options: RevertOptions): Promise<RevertResult> {
  const { folder, replay, shadow, out } = options;
  requireV1Layout(out);
  const index = folder.findIndex(({ name }) => name === options.name);
  const reverted = folder[index];
  if (reverted === undefined) throw unknownName(options.name, folder);
  const facts = revertFacts(replay, index);
  const { downSql } = reverted;
  const tries = await reverseRenames(reverted);
  let statements: readonly string[] = [];
  await shadow
    .begin(async (session) => {
      const byHand = downSql && { file: downSql.file, statements: generatedStatements(downSql.sql) };
      statements = await walkBack(session, {
        name: `what there is without ${reverted.name}`,
        facts,
        tries,
        byHand,
      });
      throw ENOUGH;
    })
    .catch((thrown: unknown) => {
      if (thrown !== ENOUGH) throw thrown;
    });
  if (statements.length === 0) throw nothingToUndo(reverted.name);
  throwIfStopped(options.signal);
  const sql = formatMigration({
    before: [],
    generated: statements.map((statement) => `${statement.replace(/;\s*$/, "")};`),
    completion: [],
  });
  return await withTemporaryCopy(folder, async (copy) => {
    const written = await draftCustom(options, copy, `revert_${shortName(reverted.name)}`);
    const hasSnapshot = await correctSnapshot(dirname(written), folder, index);
    const name = nextFolderName(basename(dirname(written)), folder);
    if (!options.dryRun) await publish(dirname(written), join(out, name), sql);
    const status = options.dryRun ? "planned" : "written";
    const file = join(out, name, "migration.sql");
    return { status, name, file, sql, losses: await findLosses(statements), hasSnapshot };
  });
}

/** The name without its time, short enough for another. */
function shortName(name: string): string {
  return name.replace(/^\d+_?/, "").slice(0, 80) || "migration";
}

/** Writes into a draft what changes; removes it where drizzle-kit would not read it as it is meant. */
async function correctSnapshot(draft: string, folder: readonly Migration[], index: number): Promise<boolean> {
  const file = join(draft, "snapshot.json");
  const snapshots = await readAll(folder);
  const upTo = (count: number) => snapshots && Object.fromEntries(Object.entries(snapshots).slice(0, count));
  const [head, before, after] = await Promise.all(
    [folder.length, index, index + 1].map(async (count) => (await reconstructSnapshot(upTo(count)))?.ddl),
  );
  const reverted = revertSnapshot(await readJson(file), { head, before, after });
  if (reverted !== undefined && snapshots !== undefined) {
    // drizzle-kit takes the order of the files from their paths.
    const place = join(dirname(dirname(folder[0]?.file ?? draft)), basename(draft), "snapshot.json");
    const read = await reconstructSnapshot({ ...snapshots, [place]: reverted.snapshot });
    if (JSON.stringify(describeState(read?.ddl ?? [])) === JSON.stringify(reverted.state)) {
      await writeFile(file, `${JSON.stringify(reverted.snapshot, null, 2)}\n`);
      return true;
    }
  }
  await rm(file, { force: true });
  return false;
}

/** The snapshots of migrations; undefined if one of them is missing. */
async function readAll(folder: readonly Migration[]): Promise<Record<string, unknown> | undefined> {
  const files = folder.map((migration) => join(dirname(migration.file), "snapshot.json"));
  const snapshots = await Promise.all(files.map(readJson));
  if (snapshots.includes(undefined)) return undefined;
  return Object.fromEntries(files.map((file, index) => [file, snapshots[index]]));
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

function unknownName(name: string, folder: readonly Migration[]): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `No migration of the folder is named ${name}.`,
    details: folder.slice(-5).map((migration) => migration.name),
    hint: "Name the migration as its folder is named.",
  });
}

function nothingToUndo(name: string): TenantryError {
  return new TenantryError({
    code: "argument-invalid",
    message: `There is nothing to undo: ${name} has changed nothing that is still there.`,
    hint: "What it did to rows, no tool can undo: write that by hand, with tenantry create NAME, or as down.sql beside it.",
  });
}
