import { openBackend } from "../../../migrate/run/backend.js";
import { refusePooler } from "../../../migrate/run/preflight/refuse-pooler.js";
import { isBehindPooler } from "../../../postgres/pooler.js";
import type { Check } from "../check.js";
import { ok, skipped, warning } from "../check.js";

/** No pooler in transaction mode is between the migrator and the server. */
export const poolerCheck: Check = {
  id: "pooler",
  group: "The database",
  needs: ["connection"],
  run: async (examination) => {
    const target = await examination.target();
    if (target === undefined) return skipped("there is no server");
    const { urlName = "DATABASE_URL" } = target.connect;
    const one = await openBackend(target.url, target.connect);
    try {
      const other = await openBackend(target.url, target.connect);
      try {
        await refusePooler(one, other, urlName);
      } finally {
        await other.close();
      }
      if (!isBehindPooler(one)) return ok("none: the connection ends at the server");
      return warning(
        `${urlName} leads through a pooler, in session mode as it seems`,
        `Set ${urlName} to the server's direct URL: a migration holds its connection for as long as it takes.`,
      );
    } finally {
      await one.close();
    }
  },
};
