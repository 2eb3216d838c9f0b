import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Migration } from "../folder/migration.js";
import { snapshotFile } from "../folder/read-parents.js";

/**
 * What one statement of a migration changes and what it builds on, as drizzle-kit has written it into the snapshot. Its
 * manual (skills/drizzle/migrations.md) says what the parts mean.
 */
export type Footprint = z.output<typeof footprint>;

const footprint = z.object({
  statementType: z.string(),
  /** A kind and names: `["column", "public", "users", "email"]`. */
  statementTarget: z.array(z.string()),
  writes: z.array(z.string()),
  reads: z.array(z.string()).default([]),
  /** What several may write without disturbing each other. */
  sharedWrites: z.array(z.string()).default([]),
  /** Only of statements that may be run twice: the same one on both sides is no conflict. */
  sqlHash: z.string().optional(),
});

const snapshot = z.object({ footprints: z.array(footprint) });

/**
 * The footprints of a migration; undefined if its snapshot has none to tell: there is no snapshot, or an older one, or the
 * SQL was written by hand, of which drizzle-kit knows nothing.
 */
export async function readFootprints(migration: Migration): Promise<readonly Footprint[] | undefined> {
  if (!hasStatements(migration.sql)) return [];
  try {
    const text = await readFile(snapshotFile(migration), "utf8");
    const parsed = snapshot.safeParse(JSON.parse(text.replace(/^\uFEFF/, "")));
    return parsed.success && parsed.data.footprints.length > 0 ? parsed.data.footprints : undefined;
  } catch {
    return undefined;
  }
}

function hasStatements(sql: string): boolean {
  return sql.split("\n").some((line) => line.trim() !== "" && !line.trim().startsWith("--"));
}

/** Two statements that do not go together. */
export type Clash<T> = { readonly one: T; readonly other: T; readonly objects: readonly string[] };

/**
 * Where two branches do not commute (pure): one writes what the other writes or builds on. Each pair of sources is told
 * once, with all the objects that both touch.
 *
 * @param one footprints of one branch, each with where it comes from.
 */
export function findClashes<T>(
  one: readonly (readonly [T, Footprint])[],
  other: readonly (readonly [T, Footprint])[],
): Clash<T>[] {
  const touching = new Map<string, (readonly [T, Footprint])[]>();
  const nodes = ({ writes, reads, sharedWrites }: Footprint) => [...writes, ...reads, ...sharedWrites];
  for (const entry of other) {
    for (const node of new Set(nodes(entry[1]))) touching.set(node, [...(touching.get(node) ?? []), entry]);
  }
  const clashes = new Map<T, Map<T, Set<string>>>();
  for (const [here, mine] of one) {
    for (const node of new Set(nodes(mine))) {
      for (const [there, theirs] of touching.get(node) ?? []) {
        if (!isDisturbed(node, mine, theirs) || isSameChange(mine, theirs)) continue;
        const known = clashes.get(here) ?? new Map<T, Set<string>>();
        clashes.set(here, known);
        const objects = known.get(there) ?? new Set();
        known.set(there, objects);
        for (const { statementTarget } of [mine, theirs]) objects.add(describeTarget(statementTarget));
      }
    }
  }
  return [...clashes].flatMap(([here, known]) =>
    [...known].map(([there, objects]) => ({ one: here, other: there, objects: [...objects] })),
  );
}

/** Two that both touch a node: they do not disturb each other if both only read it, or both only share it. */
function isDisturbed(node: string, one: Footprint, other: Footprint): boolean {
  const shares = (writer: Footprint, reader: Footprint) =>
    writer.sharedWrites.includes(node) && reader.reads.includes(node);
  return one.writes.includes(node) || other.writes.includes(node) || shares(one, other) || shares(other, one);
}

function isSameChange(one: Footprint, other: Footprint): boolean {
  return (
    one.sqlHash !== undefined && one.sqlHash === other.sqlHash && one.statementType === other.statementType
  );
}

/** `column documents.title`; the schema only where it is not `public`. */
function describeTarget([kind = "", ...names]: readonly string[]): string {
  const shown = names.length > 1 && names[0] === "public" ? names.slice(1) : names;
  return `${kind.replaceAll("_", " ")} ${shown.join(".")}`;
}
