import type { PgTable } from "drizzle-orm/pg-core";
import { TenantryError } from "../core/errors.js";
import { qualify, quoteIdentifier } from "../core/identifiers.js";
import type { TenancySettings } from "../core/tenancy-settings.js";
import { type Expected, readExpected } from "../isolation/expected.js";
import type { Database } from "../postgres/connect.js";
import { withDatabase } from "../postgres/connect.js";
import type { TemplateContents } from "./prepare-template.js";
import { findTenantRoot, type TenantRoot } from "./tenant-root.js";

/** What a test database gets from the schema. */
export type TestSchema = {
  /** The rows of two tenants. */
  readonly contents: TemplateContents;
  /** The ids of the two, in a copy of the template. */
  readonly readCreators: (database: Database) => Promise<readonly [string, string]>;
  readonly expectIsolated: (adminUrl: URL, tables: readonly PgTable[]) => Promise<void>;
};

/**
 * Reads the loaded schema.
 *
 * @throws TenantryError `schema-invalid`, also where no table is the tenant root.
 */
export function readTestSchema(
  settings: TenancySettings,
  schema: Readonly<Record<string, unknown>>,
): TestSchema {
  const expected = readExpected(settings, schema);
  const root = requireRoot(expected);
  // What is heavy is loaded when it is needed: a copy of a template that is there should not wait for it.
  return {
    contents: {
      kind: "creators",
      key: JSON.stringify([settings, root], (_, value) =>
        typeof value === "function" ? String(value) : value,
      ),
      fill: async (url) => {
        const { makeCreators } = await import("./make-creators.js");
        await withDatabase(url, { urlName: "serverUrl" }, (database) =>
          makeCreators(database, expected, root),
        );
      },
    },
    readCreators: async (database) => {
      const column = quoteIdentifier(root.column);
      const rows = await database.unsafe<{ id: string }[]>(
        `select ${column}::text as id from ${qualify(root.schema, root.name)} order by ${column} limit 2`,
      );
      const [first, second] = rows.map(({ id }) => id);
      if (first === undefined || second === undefined) throw new Error("the template has lost its tenants");
      return [first, second];
    },
    expectIsolated: async (adminUrl, tables) => {
      const { expectIsolated } = await import("./expect-isolated.js");
      await expectIsolated({ adminUrl, settings, schema }, tables);
    },
  };
}

function requireRoot(expected: Expected): TenantRoot {
  const root = findTenantRoot(expected);
  if (root !== undefined) return root;
  throw new TenantryError({
    code: "schema-invalid",
    message: "The schema given to createTestDatabase() has no tenant root.",
    hint: "Pass all exports of the schema files, the table that is declared with tenantRoot(t) among them.",
  });
}
