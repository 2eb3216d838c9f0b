import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../core/errors.js";
import type { Finding } from "../../core/finding.js";
import { groupBy } from "../../core/group-by.js";
import type { Migration } from "./migration.js";
import { forEachInSlices } from "./read-migration.js";

/** What a snapshot follows; old ones follow one snapshot. */
type Links = { readonly id: string; readonly prevIds: readonly string[] };

const links = z
  .object({ id: z.string(), prevIds: z.array(z.string()).optional(), prevId: z.string().optional() })
  .refine(({ prevIds, prevId }) => prevIds !== undefined || prevId !== undefined)
  .transform(({ id, prevIds, prevId }): Links => ({ id, prevIds: prevIds ?? [prevId ?? ROOT] }));

/** The first snapshot follows this one. */
const ROOT = "00000000-0000-0000-0000-000000000000";

/** The snapshot of a migration, which may not be there. */
export function snapshotFile({ file, layout, name }: Pick<Migration, "file" | "layout" | "name">): string {
  if (layout === "v1") return join(dirname(file), "snapshot.json");
  return join(dirname(file), "meta", `${name.split("_")[0]}_snapshot.json`);
}

/**
 * Reads from the snapshots which migrations each one follows. Where that is not known (no snapshot, one that is no
 * snapshot, two of the same name or id, the first behind some without), `parents` stays away; parents that are not in the folder are left out.
 *
 * @returns the migrations in their order, and what is wrong with their snapshots: warnings, since nothing needs a snapshot
 * to be applied. A folder without any has nothing wrong.
 * @example const { migrations } = await readParents(await readFolder("drizzle"))
 */
export async function readParents(
  folder: readonly Migration[],
): Promise<{ readonly migrations: readonly Migration[]; readonly problems: readonly Finding[] }> {
  const problems: Finding[] = [];
  const report = (rule: string, { name }: Migration, file: string, detail: string, fix: string) =>
    problems.push({ rule, level: "warning", subject: name, file, detail, fix });
  const found = new Map<Migration, Links>();
  const missing: Migration[] = [];
  await forEachInSlices([...groupBy(folder, snapshotFile)], ([file, [migration, ...others]]) => {
    if (migration === undefined) return;
    const read = readLinks(file);
    if (read === "missing") missing.push(migration, ...others);
    else if (read === "unreadable") {
      report("migration-orphaned", migration, file, `${file} is no snapshot`, FROM_GIT);
    } else if (others.length > 0) {
      const names = [migration, ...others].map(({ name }) => name).join(" and ");
      report("migration-collides", migration, file, `${names} share a snapshot`, RENAME);
    } else found.set(migration, read);
  });
  if (found.size > 0) {
    for (const migration of missing) {
      const file = snapshotFile(migration);
      const detail = `${migration.name} has no snapshot: it is taken to follow the migration before it`;
      report("migration-orphaned", migration, file, detail, UNLESS_BY_HAND);
    }
  }
  const byId = groupBy(found, ([, { id }]) => id);
  for (const [first, ...copies] of byId.values()) {
    for (const [migration] of first === undefined ? [] : copies) {
      const detail = `the snapshots of ${first?.[0].name} and ${migration.name} have the same id`;
      report("migration-collides", migration, snapshotFile(migration), detail, RENAME);
    }
  }
  // What is written by hand before drizzle-kit's first snapshot is no branch beside it: drizzle-kit did not see it.
  const begun = folder.findIndex((migration) => !missing.includes(migration));
  const migrations = folder.map((migration, index) => {
    const own = found.get(migration);
    if (own === undefined || byId.get(own.id)?.length !== 1) return migration;
    const ids = own.prevIds.filter((id) => id !== ROOT);
    if (ids.length === 0 && index > 0 && index === begun) return migration;
    const lost = ids.filter((id) => !byId.has(id));
    if (lost.length > 0) {
      const detail = `${migration.name} follows a migration that is not in the folder (snapshot ${lost.join(", ")})`;
      report("migration-missing", migration, snapshotFile(migration), detail, FROM_GIT);
    }
    const parents = ids.flatMap((id) => (byId.get(id) ?? []).map(([{ name }]) => name));
    return lost.length > 0 && parents.length === 0 ? migration : { ...migration, parents };
  });
  return { migrations, problems };
}

const FROM_GIT = "Restore it from git.";
const UNLESS_BY_HAND = "None is needed if it was written by hand; otherwise restore it from git.";
const RENAME = "Write the one that no database has run anew: tenantry create NAME.";

/** drizzle-kit writes these first; what follows may be megabytes. */
const HEAD =
  /^\uFEFF?\s*\{\s*(?:"(?:type|version|dialect)"\s*:\s*"[^"\\]*"\s*,\s*)*"id"\s*:\s*"([^"\\]*)"\s*,\s*(?:"prevId"\s*:\s*"([^"\\]*)"|"prevIds"\s*:\s*(\[[^\]\\]*\]))\s*[,}]/;

const HEAD_BYTES = 2048;

function readLinks(file: string): Links | "missing" | "unreadable" {
  try {
    const [, id, prevId, prevIds] = HEAD.exec(readHead(file)) ?? [];
    const value: unknown =
      id === undefined
        ? JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""))
        : prevId === undefined
          ? { id, prevIds: JSON.parse(prevIds ?? "[]") }
          : { id, prevId };
    const parsed = links.safeParse(value);
    return parsed.success ? parsed.data : "unreadable";
  } catch (thrown) {
    return codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR" ? "missing" : "unreadable";
  }
}

function readHead(file: string): string {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.toString("utf8", 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}
