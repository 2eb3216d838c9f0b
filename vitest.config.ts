import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^tenantry$/, replacement: source("src/index.ts") },
      { find: /^tenantry\/schema$/, replacement: source("schema/index.ts") },
      { find: /^tenantry\/(client|redis|migrate|testing)$/, replacement: source("src/$1/index.ts") },
    ],
  },
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.ts"] } },
      {
        // One server for all of them: see tests/support/README.md.
        extends: true,
        test: {
          name: "server",
          include: ["tests/{integration,e2e,docs,faults,mutants}/**/*.test.ts"],
          globalSetup: "tests/support/global-setup.ts",
          setupFiles: "tests/support/drop-databases.ts",
        },
      },
    ],
  },
});
