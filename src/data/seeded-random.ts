import { createHash } from "node:crypto";
import { v7 } from "uuid";

/** A sequence of numbers, 0 to below 1. */
export type Random = () => number;

/** 32 bits that depend on all of the parts. */
export function seedOf(...parts: readonly (string | number)[]): number {
  return createHash("sha256").update(JSON.stringify(parts)).digest().readInt32BE();
}

/**
 * The same sequence for the same seed (mulberry32, https://github.com/bryc/code/blob/master/jshash/PRNGs.md): enough
 * for data to look at, nothing for secrets.
 */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 2026-01-01, the moment from which seeded ids count. */
const EPOCH = Date.UTC(2026, 0, 1);

/** A UUID version 7 of the n-th minute since {@link EPOCH}. */
export function seededUuid(random: Random, minute: number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  return v7({ msecs: EPOCH + minute * 60_000, random: bytes });
}
