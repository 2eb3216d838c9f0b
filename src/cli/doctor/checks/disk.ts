import { access, constants, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { freeSpace, LITTLE_SPACE } from "../../../migrate/run/preflight/inspect-target.js";
import { readPlace } from "../../../postgres/embedded/place.js";
import type { Check, Verdict } from "../check.js";
import { ok, problem, warning } from "../check.js";
import { needsEmbedded } from "./embedded-programs.js";

/** An empty PostgreSQL takes about 40 MiB, and its first log 16 more; in bytes. */
const TOO_LITTLE_SPACE = 100 * 1024 ** 2;

/** There is room, and leave to write, where tenantry keeps its files. */
export const diskCheck: Check = {
  id: "disk",
  group: "This machine",
  run: async (examination) => {
    const { context } = examination;
    const { stateDirectory } = await readPlace({ projectDirectory: context.directory });
    const folders = [
      // Elsewhere nothing is kept there: a container's file system may be read-only.
      ...(needsEmbedded(examination)
        ? [{ name: ".tenantry", path: await firstThatExists(stateDirectory) }]
        : []),
      { name: "the temporary folder", path: tmpdir() },
    ];
    const seen = await Promise.all(
      folders.map(async ({ name, path }) => ({
        name,
        path,
        free: await freeSpace(path),
        isWritable: await isWritable(path),
      })),
    );
    return judgeDisk(seen);
  },
};

/** A folder that was looked at. */
export type SeenFolder = {
  readonly name: string;
  readonly path: string;
  /** Bytes; undefined where nobody may know. */
  readonly free: number | undefined;
  readonly isWritable: boolean;
};

/** Judges what was seen (pure). */
export function judgeDisk(folders: readonly SeenFolder[]): Verdict {
  const closed = folders.find(({ isWritable }) => !isWritable);
  if (closed !== undefined) {
    const { name, path } = closed;
    return warning(
      `${name} cannot be written to: ${path}`,
      "Give this user the right to write there; a container may mount a volume.",
    );
  }
  const known = folders.flatMap(({ free, ...folder }) => (free === undefined ? [] : [{ ...folder, free }]));
  const least = known.sort((one, other) => one.free - other.free)[0];
  if (least === undefined) return ok("writable; how much is free cannot be told here");
  const left = `${mebibytes(least.free)} MiB free for ${least.name} (${least.path})`;
  if (least.free < TOO_LITTLE_SPACE)
    return problem(left, "Make room there: PostgreSQL stops when its disk is full.");
  if (least.free < LITTLE_SPACE) return warning(left, "Make room there before it is full.");
  return ok(left);
}

function mebibytes(bytes: number): string {
  return Math.floor(bytes / 1024 ** 2).toLocaleString("en");
}

async function firstThatExists(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined || at === dirname(at)) return real ?? at;
  }
}

async function isWritable(path: string): Promise<boolean> {
  return await access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
