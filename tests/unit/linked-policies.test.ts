import { sql } from "drizzle-orm";
import { pgPolicy, pgTable, text } from "drizzle-orm/pg-core";
import { expect, it } from "vitest";
import { parseTenancySettings } from "../../src/core/tenancy-settings.js";
import { tenantKey, withTenantRls } from "../../src/index.js";
import { readExpected } from "../../src/isolation/expected.js";

it("a policy that is exported by itself and linked to a table is demanded of it, as drizzle-kit migrates it", () => {
  const notes = pgTable("notes", { ...tenantKey(), title: text() }, (t) => [withTenantRls(t)]);
  const extra = pgPolicy("notes_extra", { for: "select", using: sql.raw("title <> ''") }).link(notes);
  const names = (exports: Record<string, unknown>) =>
    readExpected(parseTenancySettings({}), exports).tables[0]?.policies.map(({ name }) => name);
  expect(names({ notes })).not.toContain("notes_extra");
  expect(names({ notes, extra, again: extra })?.filter((name) => name === "notes_extra")).toHaveLength(1);
});
