import { afterAll, beforeAll, expect, it } from "vitest";
import type { EmptyDatabase } from "../../src/testing/index.js";
import { createEmptyDatabase } from "../support/databases.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";
import type { Pooler } from "./start-pgbouncer.js";
import { startPgbouncer } from "./start-pgbouncer.js";

const SCHEMA = `
export const creators = pgTable("creators", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);`;

const roles = makeOwnRoles();
let project: FixtureProject;
let database: EmptyDatabase;
let pooler: Pooler;

beforeAll(async () => {
  project = await makeProject({ tenancy: { roles } });
  await project.write(SCHEMA);
  await project.create("init");
  database = await createEmptyDatabase();
  await project.migrate(database.adminUrl);
  pooler = await startPgbouncer(database.adminUrl, "transaction-round-robin");
});
afterAll(() => pooler.stop());

it.each(["status", "history", "verify", "report"])(
  "%s answers through a pooler in transaction mode, each time",
  async (command) => {
    const url = pooler.urlOf(database.name).href;
    const direct = await project.run([command, "--json", "--quiet"], {
      DATABASE_URL: database.adminUrl.href,
    });
    expect(direct.exitCode).toBeLessThan(2);
    for (let time = 0; time < 5; time += 1) {
      const { exitCode, stdout, stderr } = await project.run([command, "--json", "--quiet"], {
        DATABASE_URL: url,
      });
      expect({ exitCode, stderr }).toEqual({ exitCode: direct.exitCode, stderr: direct.stderr });
      expect(JSON.parse(stdout).findings).toEqual(JSON.parse(direct.stdout).findings);
    }
  },
);
