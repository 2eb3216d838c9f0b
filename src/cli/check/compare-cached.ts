import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { SnapshotComparison, SnapshotJudgement } from "../../migrate/check-folder/compare-snapshots.js";
import { compareSnapshots, resolveDrizzleKit } from "../../migrate/check-folder/compare-snapshots.js";
import type { ScannedFolder } from "../../migrate/check-folder/scan-folder.js";
import { digestData } from "../cache/digest-data.js";
import { identifyEngine, identifyPackage } from "../cache/engine-identity.js";
import { findingSchema } from "../cache/finding-schema.js";
import type { ResultCache } from "../cache/result-cache.js";
import { digestObjects } from "./digest-objects.js";

const judgement = z.object({ findings: z.array(findingSchema), warnings: z.array(z.string()) });

/** What drizzle-kit's comparison depends on, besides drizzle-kit. */
export type ComparedState = {
  readonly comparison: SnapshotComparison;
  readonly folders: readonly ScannedFolder[];
  /** What the schema files evaluated to. */
  readonly exports: Readonly<Record<string, unknown>>;
};

/**
 * Compares the schema with the migrations, or says what an earlier run found out about the same. To be the same, drizzle-kit,
 * drizzle-orm, the migrations folder, the text of every script that was loaded and what the schema evaluated to must all be.
 */
export async function compareCached(state: ComparedState, cache: ResultCache): Promise<SnapshotJudgement> {
  const kit = resolveDrizzleKit();
  const key = kit.status === "found" ? await digestState(state, fileURLToPath(kit.url)) : undefined;
  const known = key === undefined ? undefined : await cache.read(key, judgement);
  if (known !== undefined) return known;
  const found = await compareSnapshots(state.comparison, kit);
  const failed = found.findings.some(({ rule }) => rule === "rule-failed");
  if (key !== undefined && !failed) await cache.write(key, found);
  return found;
}

/** Undefined if a part of it cannot be put into words: then it is compared each time. */
async function digestState(
  { comparison: { schemaFiles, out, show }, folders, exports }: ComparedState,
  kit: string,
): Promise<string | undefined> {
  const require = createRequire(import.meta.url);
  try {
    const scripts = Object.keys(require.cache)
      .filter((path) => !/[\\/]node_modules[\\/]/.test(path))
      .sort();
    const texts = await Promise.all(
      [...new Set([...schemaFiles, ...scripts])].map(async (path) => [
        show(path),
        await readFile(path, "utf8"),
      ]),
    );
    const data = [
      identifyEngine(),
      identifyPackage(kit),
      identifyPackage(require.resolve("drizzle-orm")),
      schemaFiles.map(show),
      show(out),
      (await readdir(out)).sort(),
      folders.map(({ name, sql, snapshotText }) => [name, sql, snapshotText]),
      texts,
      digestObjects(exports),
    ];
    return `compare-${digestData(data)}`;
  } catch {
    return undefined;
  }
}
