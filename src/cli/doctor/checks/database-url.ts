import { describeTarget, parseDatabaseUrl } from "../../../core/database-url.js";
import type { Check } from "../check.js";
import { ok } from "../check.js";
import { needsEmbedded } from "./embedded-programs.js";

/** It is known which database is meant. */
export const databaseUrlCheck: Check = {
  id: "database-url",
  group: "The database",
  run: async (examination) => {
    const { databaseUrl, databaseUrlName } = examination.context;
    if (needsEmbedded(examination)) return ok("not set: development uses the embedded server");
    // Outside of development it says that none is set.
    if ((databaseUrl ?? "") === "") await examination.target();
    const { host, port, database, user } = describeTarget(
      parseDatabaseUrl(databaseUrl ?? "", databaseUrlName),
    );
    return ok(
      `${databaseUrlName}: ${user === "" ? "nobody" : user} on ${host}:${port}, database ${database}`,
    );
  },
};
