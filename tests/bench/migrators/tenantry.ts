import { createJudge } from "../../../src/isolation/create-judge.js";
import type { Expected } from "../../../src/isolation/expected.js";
import { applyMigrations, DEFAULT_LEDGER, readFolder } from "../../../src/migrate/index.js";
import { writeFolders } from "./drizzle.js";
import type { BenchMigrator } from "./migrator.js";

/** This project's runner: locked, timed, audited, logged. */
export function benchTenantry(folder: string, expected: Expected | undefined): BenchMigrator {
  return {
    name: expected === undefined ? "tenantry" : "tenantry, audited",
    prepare: (migrations) => writeFolders(folder, migrations),
    migrate: async (url) => {
      await applyMigrations({
        url,
        folder: await readFolder(folder),
        ledger: DEFAULT_LEDGER,
        adminRole: "app_admin",
        judge: expected === undefined ? undefined : await createJudge(expected),
      });
    },
  };
}
