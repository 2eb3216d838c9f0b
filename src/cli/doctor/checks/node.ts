import { satisfies } from "semver";
import { readOwnManifest } from "../../read-own-manifest.js";
import type { Check } from "../check.js";
import { ok, problem } from "../check.js";

/** Node.js is new enough. */
export const nodeCheck: Check = {
  id: "node",
  group: "This machine",
  run: async () => {
    const wanted = (await readOwnManifest()).engines.node;
    const found = process.versions.node;
    // Nightly builds have a tag that a range without one leaves out.
    if (satisfies(found, wanted, { includePrerelease: true })) return ok(`Node.js ${found}`);
    return problem(`Node.js ${found}; tenantry needs ${wanted}`, "Install a newer Node.js.");
  },
};
