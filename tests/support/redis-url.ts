import { inject } from "vitest";

/** The Redis of this run, shared by all test files: use keys of your own. */
export const redisUrl = inject("redisUrl");
