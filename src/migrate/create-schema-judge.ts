import type { TenancySettings } from "../core/tenancy-settings.js";
import { parseTenancySettings } from "../core/tenancy-settings.js";
import type { Judge } from "../isolation/create-judge.js";
import { createJudge } from "../isolation/create-judge.js";
import { readExpected } from "../isolation/expected.js";

/**
 * The judge of a schema, for `apply` and `verify`: what `tenantry migrate` asks before each COMMIT.
 *
 * @param schema what the schema's files export.
 * @param settings of `defineTenancy()`; without them the default tenancy's.
 * @throws TenantryError `schema-invalid` for a schema that contradicts itself.
 * @example await apply({ ...options, judge: await createSchemaJudge(await import("./schema/index.js"), tenancy.settings) })
 */
export async function createSchemaJudge(
  schema: Readonly<Record<string, unknown>>,
  settings: TenancySettings = parseTenancySettings({}),
): Promise<Judge> {
  return await createJudge(readExpected(settings, schema));
}
