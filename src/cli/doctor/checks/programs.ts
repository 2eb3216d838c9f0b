import { execFile } from "node:child_process";
import { findExecutable } from "../../shell/find-executable.js";
import type { Check } from "../check.js";
import { ok, warning } from "../check.js";

/** `tenantry shell` has psql to open. */
export const psqlCheck = programCheck("psql", ["psql"]);

/** `tenantry redis-shell` has redis-cli to open. */
export const redisCliCheck = programCheck("redis-cli", ["redis-cli", "valkey-cli"]);

/** An optional program. */
function programCheck(id: string, names: readonly string[]): Check {
  return {
    id,
    group: "This machine",
    run: async ({ context }) => {
      const path = await findExecutable(names, context.variables.PATH);
      if (path === undefined) return ok("not installed; the built-in prompt takes its place");
      const said = await askVersion(path);
      if (said !== undefined) return ok(`${said} (${path})`);
      return warning(
        `${path} does not run`,
        "Install it again, or take it off the PATH: the built-in prompt takes its place.",
      );
    },
  };
}

function askVersion(path: string): Promise<string | undefined> {
  return new Promise((settle) => {
    execFile(path, ["--version"], { timeout: 10_000 }, (error, stdout) =>
      settle(error === null ? stdout.trim().split("\n")[0] : undefined),
    );
  });
}
