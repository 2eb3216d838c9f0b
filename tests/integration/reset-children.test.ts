import { expect, it } from "vitest";
import { createEmptyDatabase } from "../support/databases.js";
import { makeProject } from "./fixture-project.js";
import { putMigration } from "./migration-folder.js";

it("reset drops tables that inherit and partitions, whichever of their names comes first", async () => {
  const project = await makeProject();
  await project.write(
    `export const creators = pgTable("creators", { ...tenantRootKey() }, (t) => [tenantRoot(t)]);`,
  );
  await project.create("first");
  await putMigration(
    project.out,
    "20990101000000_children",
    `create schema old; set local search_path = old;
     create table middle (a int primary key);
     create table a_child (b int) inherits (middle);
     create table z_child () inherits (middle);
     create table parted (at date not null, id int, primary key (at, id)) partition by range (at);
     create table a_part partition of parted for values from ('2025-01-01') to ('2026-01-01') partition by list (id);
     create table z_part partition of a_part default;
     create table z_default partition of parted default;
     create table a_target (id int primary key); create table parted_too (id int references a_target) partition by list (id);
     create table parted_two partition of parted_too default;
     create table refers_to_part (at date, id int, foreign key (at, id) references z_default);
     create table refers (at date, id int, foreign key (at, id) references parted);`,
  );
  const database = await createEmptyDatabase();
  const variables = { DATABASE_URL: database.adminUrl.href, TENANTRY_ENV: "development" };
  expect(await project.run(["init"], variables)).toMatchObject({ exitCode: 0 });
  await database.admin
    .unsafe(
      "insert into old.parted values ('2025-02-03', 1), ('2020-01-01', 2); insert into old.refers select * from old.parted;",
    )
    .simple();
  const { stdout, stderr } = await project.run(["reset", "--yes", "--no-backup"], variables);
  expect(stderr).not.toMatch(/error:|bug/);
  expect(stdout).toMatch(/^Dropped /);
  expect(await database.admin`select from old.parted`).toHaveLength(0);
});
