import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../core/errors.js";

/** What drizzle-kit needs of a snapshot to put the migrations in order. */
export type SnapshotLinks = { readonly id: string; readonly prevIds: readonly string[] };

/** One folder of the migrations folder, whatever is in it. */
export type ScannedFolder = {
  readonly name: string;
  readonly sql: string | undefined;
  /** `missing` if there is no file, `unreadable` if it is no snapshot: merge conflicts leave such files. */
  readonly snapshot: SnapshotLinks | "missing" | "unreadable";
  /** The file as it is; what only looks at the links does without. */
  readonly snapshotText?: string | undefined;
};

const links = z.object({ id: z.string(), prevIds: z.array(z.string()) });

/**
 * Reads the folders of drizzle-kit's v1 layout as they are, sound or not, sorted by name.
 *
 * @returns undefined if there is no folder, or one in the old layout.
 */
export async function scanFolder(path: string): Promise<ScannedFolder[] | undefined> {
  const entries = await readdir(path, { withFileTypes: true }).catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") return undefined;
    throw thrown;
  });
  if (entries === undefined || entries.some(({ name }) => name === "meta")) return undefined;
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const scanned = await Promise.all(
    folders.map(async ({ name }) => {
      const [sql, snapshot] = await Promise.all([
        readText(join(path, name, "migration.sql")),
        readText(join(path, name, "snapshot.json")),
      ]);
      const links = snapshot === undefined ? "missing" : parseLinks(snapshot);
      return { name, sql, snapshot: links, snapshotText: snapshot } as const;
    }),
  );
  return scanned.sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  });
}

function parseLinks(text: string): SnapshotLinks | "unreadable" {
  try {
    const parsed = links.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : "unreadable";
  } catch {
    return "unreadable";
  }
}
