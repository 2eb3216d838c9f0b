import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf } from "../../../core/errors.js";
import { findSquawk } from "../../../isolation/sql/squawk.js";
import { readOwnManifest } from "../../read-own-manifest.js";
import type { Check } from "../check.js";
import { ok, skipped, warning } from "../check.js";

/** `tenantry check` can look for locks. */
export const squawkCheck: Check = {
  id: "squawk",
  group: "This machine",
  run: async ({ context }) => {
    const { peerDependencies } = await readOwnManifest();
    const install = `npm install --save-dev squawk-cli@${peerDependencies["squawk-cli"] ?? "latest"}`;
    const path = findSquawk();
    if (path === undefined && context.environment !== "development")
      return skipped("squawk-cli is not installed; check, which uses it, is for development and CI");
    if (path === undefined) return warning("squawk-cli is not installed: check looks for no locks", install);
    try {
      const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 10_000 });
      return ok(stdout.trim());
    } catch (thrown) {
      return warning(`squawk does not run on this system: ${messageOf(thrown).split("\n")[0]}`, install);
    }
  },
};
