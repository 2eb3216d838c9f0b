import { beforeAll, expect, it } from "vitest";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase } from "../support/databases.js";
import { type FixtureProject, makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const NOTES = 'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);';
const TAGS = 'export const tags = pgTable("tags", { ...tenantKey() }, (t) => [withTenantRls(t)]);';

const roles = makeOwnRoles();
let database: EmptyDatabase;
let project: FixtureProject;

beforeAll(async () => {
  database = await createEmptyDatabase();
  project = await makeProject({ tenancy: { roles } });
  await project.write(NOTES);
  await project.create("notes");
  await project.migrate(database.adminUrl);
});

async function status() {
  const { exitCode, stdout } = await project.run(["status", "--json"], {
    DATABASE_URL: database.adminUrl.href,
  });
  const { data, findings } = JSON.parse(stdout) as {
    data: { tables: { table: string; verdict: string }[] };
    findings: { rule: string }[];
  };
  return {
    exitCode,
    tables: data.tables.map(({ table, verdict }) => [table, verdict]),
    rules: findings.map(({ rule }) => rule),
  };
}

const FINE = { exitCode: 0, tables: [["notes", "isolated"]], rules: [] };

it.each([
  [
    "row security that is not forced",
    "alter table notes no force row level security",
    "alter table notes force row level security",
    "rls-not-forced",
  ],
  [
    "a grant to everybody",
    "grant select on notes to public",
    "revoke select on notes from public",
    "grant-too-wide",
  ],
])(
  "sees %s, however often the database was fine before, and no longer when it is mended",
  async (_, harm, mend, rule) => {
    expect(await status()).toEqual(FINE);
    expect(await status()).toEqual(FINE);
    await database.admin.unsafe(harm);
    for (let time = 0; time < 2; time += 1) {
      const found = await status();
      expect(found).toMatchObject({ exitCode: 1, tables: [["notes", "not isolated"]] });
      expect(found.rules).toContain(rule);
    }
    await database.admin.unsafe(mend);
    expect(await status()).toEqual(FINE);
  },
);

it("sees a table that the schema has got since", async () => {
  expect(await status()).toEqual(FINE);
  await project.write(`${NOTES}\n${TAGS}`);
  for (let time = 0; time < 2; time += 1)
    expect((await status()).tables).toEqual([
      ["notes", "isolated"],
      ["tags", "missing"],
    ]);
});
