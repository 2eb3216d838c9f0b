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
    include: ["tests/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
