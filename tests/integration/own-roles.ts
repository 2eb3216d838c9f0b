import { randomBytes } from "node:crypto";
import { afterAll } from "vitest";
import { codeOf } from "../../src/core/errors.js";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { dropDatabases, serverUrl } from "../support/databases.js";

/**
 * Names for a tenancy's three roles that no other test file has: what is judged of roles is judged of the whole server, and
 * others put logins of all kinds into the default ones. They are dropped after the file, with its databases, unless a
 * shadow that is kept needs them.
 */
export function makeOwnRoles(): { readonly tenant: string; readonly door: string; readonly admin: string } {
  const mark = randomBytes(4).toString("hex");
  const roles = { tenant: `tenant_${mark}`, door: `door_${mark}`, admin: `admin_${mark}` };
  afterAll(async () => {
    await dropDatabases();
    await withDatabase(new URL(serverUrl), {}, async (server) => {
      // What a shadow keeps for the next rehearsal still needs them; it goes with the server.
      for (const role of Object.values(roles))
        await server.unsafe(`drop role if exists ${quoteIdentifier(role)}`).catch((thrown: unknown) => {
          if (codeOf(thrown) !== "2BP01") throw thrown;
        });
    });
  });
  return roles;
}
