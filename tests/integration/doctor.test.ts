import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createContext } from "../../src/cli/context.js";
import { CHECKS } from "../../src/cli/doctor/checks.js";
import { withExamination } from "../../src/cli/doctor/examination.js";
import { runChecks } from "../../src/cli/doctor/run-checks.js";
import { runProgram } from "../../src/cli/program.js";
import { quoteIdentifier } from "../../src/core/identifiers.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { connectRedis } from "../../src/redis/connect-redis.js";
import { createEmptyDatabase, createTestDatabase, dropDatabases, serverUrl } from "../support/databases.js";
import { redisUrl } from "../support/redis-url.js";
import { listen } from "./fake-server.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";
import { startPgbouncer } from "./start-pgbouncer.js";

const NOTES = 'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);';
const PASSWORD = "s3cret-of-nobody";

const answer = z.object({
  ok: z.boolean(),
  data: z.object({
    checks: z.array(
      z.object({ id: z.string(), state: z.string(), detail: z.string(), fix: z.string().optional() }),
    ),
    tally: z.record(z.string(), z.number()),
  }),
});

/** What the doctor says of each check, by name. */
async function diagnose(project: FixtureProject, variables: NodeJS.ProcessEnv, argv: readonly string[] = []) {
  const { exitCode, stdout, stderr } = await project.run(["doctor", "--json", ...argv], variables);
  expect(stdout + stderr).not.toContain(PASSWORD);
  const { ok, data } = answer.parse(JSON.parse(stdout));
  const checks = new Map(data.checks.map((check) => [check.id, check]));
  expect(ok).toBe(data.tally.problem === 0);
  expect(exitCode).toBe(ok ? 0 : 1);
  return { ok, of: (id: string) => checks.get(id) ?? expect.fail(`no check ${id}`) };
}

/** What one check says, without those that it does not need. */
async function examine(
  id: string,
  { directory }: FixtureProject,
  variables: NodeJS.ProcessEnv,
  env?: string,
) {
  const configs = (await readdir(directory)).filter((name) => name.endsWith(".config.ts"));
  const options = { config: join(directory, configs.sort().at(-1) ?? ""), env };
  const signal = new AbortController().signal;
  const stream = new PassThrough();
  const around = { cwd: directory, variables, stdin: {}, stdout: stream, stderr: stream, signal };
  const needed = new Set([id]);
  for (const check of CHECKS.toReversed())
    if (needed.has(check.id)) for (const need of check.needs ?? []) needed.add(need);
  const checks = CHECKS.filter((check) => needed.has(check.id));
  const diagnoses = await withExamination(createContext(options, around), env, (examination) =>
    runChecks(checks, examination),
  );
  expect(JSON.stringify(diagnoses)).not.toContain(PASSWORD);
  return diagnoses.at(-1) ?? expect.fail(`no check ${id}`);
}

let project: FixtureProject;
let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
const roles = () => ({ owner: `${database.name}_owner`, reader: `${database.name}_reader` });

beforeAll(async () => {
  project = await makeProject();
  await project.write(NOTES);
  await project.create("init");
  database = await createEmptyDatabase();
  await project.migrate(database.adminUrl);
  const { owner, reader } = roles();
  await database.admin.unsafe(
    `create role ${quoteIdentifier(owner)} login password '${PASSWORD}';
     create role ${quoteIdentifier(reader)} login password '${PASSWORD}' in role app_tenant`,
  );
});

afterAll(async () => {
  await dropDatabases();
  await withDatabase(new URL(serverUrl), {}, async (server) => {
    for (const role of Object.values(roles()))
      await server.unsafe(`drop role if exists ${quoteIdentifier(role)}`);
  });
});

function loginAs(user: string, name = database.name): string {
  const url = new URL(serverUrl);
  url.username = user;
  url.password = PASSWORD;
  url.pathname = `/${name}`;
  return url.href;
}

describe("tenantry doctor", () => {
  it("has no problem with a migrated database, and says what it found", async () => {
    const { ok, of } = await diagnose(project, { DATABASE_URL: database.adminUrl.href, REDIS_URL: redisUrl });
    const found = (id: string) => `${of(id).state}: ${of(id).detail}`;
    expect(ok).toBe(true);
    expect(found("node")).toBe(`ok: Node.js ${process.versions.node}`);
    expect(found("packages")).toMatch(/^ok: .*drizzle-orm \d/);
    expect(found("schema")).toBe("ok: 1 table");
    expect(found("migrations")).toBe("ok: 1 migration");
    expect(found("connection")).toContain(`in the database ${database.name}`);
    expect(found("encoding")).toMatch(/^ok: UTF8/);
    expect(found("role")).toMatch(/^ok: .*superuser/);
    expect(found("pooler")).toMatch(/^ok: none/);
    expect(found("clock")).toMatch(/^ok: /);
    expect(found("shadow")).toMatch(/^ok: answers/);
    expect(found("redis")).toMatch(/^ok: version \d/);
    expect(found("embedded-server")).toBe("skipped: not used here");
    expect(found("service-file")).toMatch(/^skipped: /);
  });

  it("says to a person what it found, and that all else goes on where nothing is right", async () => {
    const closed = await listen(() => {});
    const variables = {
      DATABASE_URL: `postgres://me:${PASSWORD}@127.0.0.1:${closed === 65_535 ? closed - 1 : closed + 1}/app`,
      REDIS_URL: `redis://me:${PASSWORD}@127.0.0.1:1`,
      TENANTRY_ENV: "produktion",
    };
    const { exitCode, stdout, stderr } = await project.run(["doctor"], variables);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).not.toContain(PASSWORD);
    expect(stdout).toMatch(/problem {2}environment +Unknown environment "produktion"/);
    expect(stdout).toMatch(/problem {2}connection +No connection/);
    expect(stdout).toMatch(/skipped {2}role +it needs connection, which has a problem/);
    expect(stdout).toMatch(/problem {2}redis /);
    expect(stdout).toMatch(/ok +schema +1 table/);
    expect(stdout).toMatch(/3 problems, /);
  });

  it("runs outside of any project, and says so", async () => {
    const folder = (await makeProject()).directory;
    await rm(join(folder, "node_modules"), { recursive: true });
    let text = "";
    const stdout = Object.assign(Object.create(process.stdout), {
      write: (chunk: string) => {
        text += chunk;
        return true;
      },
    });
    const signal = new AbortController().signal;
    const around = { cwd: folder, variables: {}, stdin: {}, stdout, stderr: stdout, signal };
    expect(await runProgram(["doctor", "--json"], around)).toBe(1);
    const { data } = answer.parse(JSON.parse(text));
    const states = Object.fromEntries(data.checks.map(({ id, state }) => [id, state]));
    expect(states).toMatchObject({
      node: "ok",
      config: "problem",
      schema: "skipped",
      "generated-files": "skipped",
      "git-hook": "skipped",
      connection: "skipped",
    });
    expect(data.checks.find(({ id }) => id === "config")?.fix).toContain("--config");
  });

  it("wants a database outside of development", async () => {
    const of = (id: string) => examine(id, project, {}, "production");
    expect(await of("database-url")).toMatchObject({
      state: "problem",
      detail: expect.stringContaining("production"),
    });
    expect((await of("connection")).state).toBe("skipped");
    const wrong = (id: string) =>
      examine(id, project, { DATABASE_URL: `mysql://me:${PASSWORD}@localhost/app` });
    expect(await wrong("database-url")).toMatchObject({
      state: "problem",
      detail: "DATABASE_URL is not a PostgreSQL URL",
    });
  });
});

describe("the doctor's look at the login", () => {
  it("knows a service's login, one that owns nothing, and the owner that no policy lets through", async () => {
    const { owner, reader } = roles();
    const service = (id: string) => examine(id, project, { DATABASE_URL: loginAs(reader) });
    expect(await service("role")).toMatchObject({
      state: "problem",
      detail: expect.stringContaining("service's login"),
    });
    const stranger = (id: string) => examine(id, project, { DATABASE_URL: loginAs(owner) });
    expect(await stranger("role")).toMatchObject({
      state: "problem",
      detail: expect.stringContaining("does not own"),
    });
    await database.admin.unsafe(
      `alter table notes owner to ${quoteIdentifier(owner)};
       grant create on database ${quoteIdentifier(database.name)} to ${quoteIdentifier(owner)};
       grant usage on schema tenantry, drizzle to ${quoteIdentifier(owner)};
       grant select, insert on all tables in schema tenantry, drizzle to ${quoteIdentifier(owner)}`,
    );
    const bound = (id: string) => examine(id, project, { DATABASE_URL: loginAs(owner) });
    expect(await bound("role")).toMatchObject({
      state: "warning",
      fix: expect.stringContaining('grant "app_admin" to'),
    });
    await database.admin.unsafe(
      `revoke insert on drizzle.__drizzle_migrations from ${quoteIdentifier(owner)}`,
    );
    const unable = (id: string) => examine(id, project, { DATABASE_URL: loginAs(owner) });
    expect(await unable("role")).toMatchObject({
      state: "problem",
      detail: expect.stringContaining("__drizzle_migrations"),
    });
    await database.admin.unsafe("alter table notes owner to current_user");
  });

  it("tells that a file with the service login is open to others, or holds one that nothing binds", async () => {
    const file = join(project.directory, ".tenantry", "service.env");
    await mkdir(join(project.directory, ".tenantry"), { recursive: true });
    const variables = { DATABASE_URL: database.adminUrl.href };
    await writeFile(file, `SERVICE_DATABASE_URL=${loginAs(roles().reader)}\n`);
    await chmod(file, 0o644);
    const open = (id: string) => examine(id, project, variables);
    expect(await open("service-file")).toMatchObject({ state: "problem", fix: `chmod 600 '${file}'` });
    expect(await open("service-login")).toMatchObject({
      state: "ok",
      detail: expect.stringContaining("app_tenant"),
    });
    await chmod(file, 0o600);
    await writeFile(file, `SERVICE_DATABASE_URL=${database.adminUrl.href}\n`);
    const unbound = (id: string) => examine(id, project, variables);
    expect((await unbound("service-file")).state).toBe("ok");
    expect(await unbound("service-login")).toMatchObject({
      state: "problem",
      detail: expect.stringContaining("superuser"),
    });
    await writeFile(file, `SERVICE_DATABASE_URL=${loginAs("nobody_at_all")}\n`);
    expect((await examine("service-login", project, variables)).state).toBe("problem");
    await rm(file);
  });
});

describe("the doctor's look at the server", () => {
  it("sees a database whose encoding cannot hold every text", async () => {
    const name = `${database.name}_latin`.slice(-63);
    await database.admin.unsafe(
      `create database ${quoteIdentifier(name)} encoding 'LATIN1' locale 'C' template template0`,
    );
    try {
      const url = new URL(database.adminUrl);
      url.pathname = `/${name}`;
      const of = (id: string) => examine(id, project, { DATABASE_URL: url.href });
      expect(await of("encoding")).toMatchObject({
        state: "problem",
        detail: expect.stringContaining("LATIN1"),
      });
    } finally {
      await database.admin.unsafe(`drop database ${quoteIdentifier(name)}`);
    }
  });

  it("sees a pooler in front of it, and whether a migration would get through", async () => {
    const session = await startPgbouncer(database.adminUrl, "session");
    const transaction = await startPgbouncer(database.adminUrl, "transaction");
    try {
      const patient = (id: string) =>
        examine(id, project, { DATABASE_URL: session.urlOf(database.name).href });
      expect(await patient("pooler")).toMatchObject({
        state: "warning",
        fix: expect.stringContaining("direct URL"),
      });
      const mixed = (id: string) =>
        examine(id, project, { DATABASE_URL: transaction.urlOf(database.name).href });
      expect(await mixed("pooler")).toMatchObject({
        state: "problem",
        detail: expect.stringContaining("transaction mode"),
      });
    } finally {
      await Promise.all([session.stop(), transaction.stop()]);
    }
  });

  it("finds the databases of commands that were killed, and none that is at work or of somebody else", async () => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    const names = [
      `tenantry_shadow_${dead}_0123abcd`,
      `tenantry_shadow_${process.pid}_0123abcd`,
      "tenantry_shadowy",
    ];
    const variables = { DATABASE_URL: database.adminUrl.href };
    try {
      for (const name of names) await database.admin.unsafe(`create database ${quoteIdentifier(name)}`);
      const { detail, fix } = await examine("leftovers", project, variables);
      expect(detail).toContain(names[0]);
      expect(detail).not.toMatch(new RegExp(`${names[1]}|${names[2]}`));
      expect(fix).toContain("drop database");
    } finally {
      for (const name of names)
        await database.admin.unsafe(`drop database if exists ${quoteIdentifier(name)}`);
    }
  });

  it("refuses a shadow where no database can be made", async () => {
    const variables = { DATABASE_URL: database.adminUrl.href, SHADOW_DATABASE_URL: loginAs(roles().reader) };
    const of = (id: string) => examine(id, project, variables);
    expect(await of("shadow")).toMatchObject({
      state: "problem",
      fix: expect.stringContaining("createdb createrole"),
    });
  });

  it("warns of a shadow that is the server of production", async () => {
    const variables = { DATABASE_URL: database.adminUrl.href, SHADOW_DATABASE_URL: serverUrl };
    const of = (id: string) => examine(id, project, variables, "production");
    expect(await of("shadow")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("DATABASE_URL"),
    });
    expect(await of("role")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("superuser"),
    });
  });
});

describe("the doctor's look at Redis", () => {
  it("does not wait for ever for what takes connections and says nothing", async () => {
    const server = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const url = `redis://127.0.0.1:${port}`;
    await expect(connectRedis(url, 0.1)).rejects.toMatchObject({ code: "connection-failed" });
    server.close();
  });
});

describe("the doctor's look at the project", () => {
  let other: FixtureProject;
  const git = (...args: readonly string[]) => {
    const { GIT_DIR: _, GIT_INDEX_FILE: __, ...env } = process.env;
    expect(spawnSync("git", [...args], { cwd: other.directory, env }).status).toBe(0);
  };
  const look = (id: string) => examine(id, other, { DATABASE_URL: database.adminUrl.href });

  beforeAll(async () => {
    other = await makeProject();
    await other.write(NOTES);
  });

  it("says that nothing was migrated yet, and what is wrong with a folder", async () => {
    expect(await look("migrations")).toMatchObject({
      state: "problem",
      fix: expect.stringContaining("create init"),
    });
    await mkdir(join(other.out, "20260101000000_broken"), { recursive: true });
    expect((await look("migrations")).state).toBe("problem");
    await writeFile(join(other.out, "20260101000000_broken", "migration.sql"), "select 1;\n");
    expect((await look("migrations")).state).toBe("ok");
  });

  it("compares what was generated, once something was", async () => {
    expect(await look("generated-files")).toMatchObject({ state: "skipped", fix: "tenantry generate" });
    expect((await other.run(["generate"])).exitCode).toBe(0);
    expect((await look("generated-files")).state).toBe("ok");
    // The page may be elsewhere, or not wanted.
    await rm(join(other.directory, "docs"), { recursive: true });
    expect((await look("generated-files")).state).toBe("ok");
    await writeFile(join(other.directory, "generated", "zod.ts"), "// edited\n");
    expect(await look("generated-files")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("generated/zod.ts"),
    });
  });

  it("wants a hook that git runs, and that runs tenantry", async () => {
    expect((await look("git-hook")).state).toBe("skipped");
    git("init", "-q");
    expect(await look("git-hook")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("no pre-commit"),
    });
    const hooks = join(other.directory, ".githooks");
    await mkdir(hooks);
    await writeFile(join(hooks, "pre-commit"), "#!/bin/sh\nexec npx tenantry check --staged\n", {
      mode: 0o755,
    });
    expect(await look("git-hook")).toMatchObject({ fix: "git config core.hooksPath .githooks" });
    git("config", "core.hooksPath", ".githooks");
    expect((await look("git-hook")).state).toBe("ok");
    await chmod(join(hooks, "pre-commit"), 0o644);
    expect(await look("git-hook")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("not executable"),
    });
    await writeFile(join(hooks, "pre-commit"), "#!/bin/sh\nexec lefthook run pre-commit\n");
    await chmod(join(hooks, "pre-commit"), 0o755);
    expect(await look("git-hook")).toMatchObject({
      detail: expect.stringContaining("does not run tenantry"),
    });
    await writeFile(
      join(other.directory, "lefthook.yml"),
      "pre-commit: { commands: { x: { run: npx tenantry check } } }",
    );
    expect((await look("git-hook")).state).toBe("ok");
  });

  it("names a schema that does not load, and skips what is made from it", async () => {
    await other.write("export const broken = ;");
    const of = (id: string) => examine(id, other, { DATABASE_URL: database.adminUrl.href });
    expect((await of("config")).state).toBe("ok");
    expect((await of("schema")).state).toBe("problem");
    expect((await of("generated-files")).state).toBe("skipped");
    expect((await of("role")).state).toBe("ok");
  });

  it("tells that another program has the embedded server's port, and that its password is open to others", async () => {
    const port = await listen(() => {});
    const state = join(other.directory, ".tenantry");
    await mkdir(state, { recursive: true });
    const server = {
      format: 1,
      port,
      password: PASSWORD,
      dataDirectory: "data",
      version: "18.4",
      durable: true,
    };
    await writeFile(join(state, "server.json"), JSON.stringify(server), { mode: 0o600 });
    const taken = (id: string) => examine(id, other, {});
    expect(await taken("embedded-server")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining(String(port)),
    });
    expect((await taken("connection")).state).toBe("skipped");
    await chmod(join(state, "server.json"), 0o644);
    expect(await examine("embedded-server", other, {})).toMatchObject({
      fix: expect.stringContaining("chmod 600"),
    });
    await writeFile(join(state, "server.json"), "{");
    expect((await examine("embedded-server", other, {})).state).toBe("problem");
  });
});

it("finds the tests' own service login confined", async () => {
  const { serviceUrl, adminUrl } = await createTestDatabase();
  const variables = { DATABASE_URL: adminUrl.href, SERVICE_DATABASE_URL: serviceUrl.href };
  expect((await examine("service-login", project, variables)).state).toBe("ok");
});
