import { defineConfig } from "drizzle-kit";
import { defineTenancy } from "tenantry";

/** Read by drizzle-kit. The entry file, and not a glob: `schema/` also holds what is no table. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./schema/index.ts",
  out: "./drizzle",
});

/** Read by tenantry. */
export const tenancy = defineTenancy({
  seed: "./schema/seed.ts",
  purge: { refresh_tokens: "expires_at", jwt_blacklist: "expires_at", token_cutoffs: "expires_at" },
});
