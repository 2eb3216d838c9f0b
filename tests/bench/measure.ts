/** Times of several runs, in milliseconds, the shortest first. */
export type Sample = { readonly times: readonly number[] };

/**
 * Runs something several times, one after the other.
 *
 * @param before is run before each, and not measured.
 */
export async function measure(
  runs: number,
  run: () => Promise<void>,
  before: () => Promise<void> = async () => {},
): Promise<Sample> {
  const times: number[] = [];
  for (let index = 0; index < runs; index += 1) {
    await before();
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return { times: times.sort((a, b) => a - b) };
}

/** The one in the middle of several numbers; NaN if there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
