import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readConnectionFacts } from "../../../client/guards/connection-facts.js";
import { guardRole } from "../../../client/guards/guard-role.js";
import { describeTarget, parseDatabaseUrl } from "../../../core/database-url.js";
import { openBackend } from "../../../migrate/run/backend.js";
import { readServiceUrl, SERVICE_URL_VARIABLE } from "../../../postgres/service-login.js";
import type { Context } from "../../context.js";
import type { Check } from "../check.js";
import { ok, problem, skipped } from "../check.js";

/** What others than its owner may do with the file. */
const OTHERS = 0o077;

/** Only its owner can read the file that keeps the service login. */
export const serviceFileCheck: Check = {
  id: "service-file",
  group: "Services",
  run: async ({ context }) => {
    const file = serviceFile(context);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) return skipped("no .tenantry/service.env: init makes it in development");
    if ((await readServiceUrl(file)) === undefined)
      return problem(
        `${file} holds no ${SERVICE_URL_VARIABLE} that can be read`,
        "Delete it, then tenantry init.",
      );
    if (process.platform === "win32" || (found.mode & OTHERS) === 0)
      return ok(`${file}, for its owner alone`);
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    return problem(`${file} holds a password, and others can read it (${mode})`, `chmod 600 '${file}'`);
  },
};

/** The login of services works, and is confined to a tenant's rows. */
export const serviceLoginCheck: Check = {
  id: "service-login",
  group: "Services",
  run: async (examination) => {
    const { context } = examination;
    const given = context.variables[SERVICE_URL_VARIABLE] ?? "";
    const kept = await readServiceUrl(serviceFile(context));
    const url = given === "" ? kept : parseDatabaseUrl(given, SERVICE_URL_VARIABLE);
    if (url === undefined) return skipped(`${SERVICE_URL_VARIABLE} is not set, and no file keeps it`);
    // The file's login is the embedded server's, or that of DATABASE_URL: down with it.
    if (given === "" && (await examination.target()) === undefined)
      return skipped("the embedded server does not run", "tenantry start, then doctor again");
    const urlName = given === "" ? ".tenantry/service.env" : SERVICE_URL_VARIABLE;
    const { roles } = await examination.settings();
    const { session, close } = await openBackend(url, { urlName });
    try {
      guardRole(await readConnectionFacts(session, roles.tenant), roles.tenant);
      return ok(`${describeTarget(url).user} (${urlName}): in ${roles.tenant}, bound by row security`);
    } finally {
      await close();
    }
  },
};

function serviceFile({ directory }: Context): string {
  return join(directory, ".tenantry", "service.env");
}
