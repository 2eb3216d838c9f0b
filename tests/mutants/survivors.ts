import type { Layer } from "./mutant.js";

/** A fault that a layer does not find, although it could, and why that is left so. */
export type Survivor = { readonly id: string; readonly layer: Layer; readonly reason: string };

const NO_CACHE_RULE = "no layer of the proof chain looks at Redis, or at the keys that a service makes";

/** What is known to survive. One that is found after all, or does not exist, fails the run as well. */
export const SURVIVORS: readonly Survivor[] = [
  ...inBoth("27-service", "code", "a text that is put together is not told from one that is not; documented"),
  ...inBoth("81", "code", NO_CACHE_RULE),
  ...inBoth("82", "code", NO_CACHE_RULE),
  ...inBoth("83", "code", NO_CACHE_RULE),
];

function inBoth(id: string, layer: Layer, reason: string): Survivor[] {
  return ["own", "other"].map((project) => ({ id: `${project}/${id}`, layer, reason }));
}
