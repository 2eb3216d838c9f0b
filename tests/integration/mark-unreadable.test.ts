import { expect, it, onTestFinished } from "vitest";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";
import { makeOwnRoles } from "./own-roles.js";

const roles = makeOwnRoles();

it("every command tells a login that may not read the mark so, and calls it no bug", async () => {
  const database = await createEmptyDatabase();
  const project = await makeProject({ tenancy: { roles } });
  await project.write(
    `export const creators = pgTable("creators", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);`,
  );
  await project.create("first");
  const { exitCode } = await project.run(["init"], {
    DATABASE_URL: database.adminUrl.href,
    TENANTRY_ENV: "development",
  });
  expect(exitCode).toBe(0);
  const login = `${database.name.slice(0, 50)}_stranger`;
  await database.admin.unsafe(`create role "${login}" login password 'stranger'`);
  onTestFinished(async () => {
    await database.admin.unsafe(`drop role "${login}"`);
  });
  const url = new URL(database.adminUrl);
  url.username = login;
  url.password = "stranger";
  const creator = ["--creator", "0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d"];
  for (const command of [
    ["backup"],
    ["backup", "--format", "pg_dump"],
    ["backup", ...creator],
    ["erase", ...creator, "--yes"],
    ["reset", "--dry-run"],
    ["migrate"],
    ["rollback", "--dry-run"],
  ]) {
    const { stdout, stderr } = await project.run([...command, "--json"], {
      DATABASE_URL: url.href,
      TENANTRY_ENV: "development",
    });
    expect(stdout, `${command.join(" ")}: ${stderr}`).not.toBe("");
    expect(JSON.parse(stdout).error, command.join(" ")).toMatchObject({
      code: "role-insufficient",
      hint: expect.stringContaining("tenantry.meta"),
    });
  }
});
