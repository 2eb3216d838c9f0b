import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/postgres/connect.js";
import { serverUrl } from "../support/databases.js";
import { fakePostgres, listen } from "./fake-server.js";
import type { FixtureProject } from "./fixture-project.js";
import { makeProject } from "./fixture-project.js";

let project: FixtureProject;

beforeAll(async () => {
  project = await makeProject();
  await project.write(
    'export const notes = pgTable("notes", { ...tenantKey() }, (t) => [withTenantRls(t)]);',
  );
  await project.create("init");
});

/** The test server's URL, with something wrong. */
function serverWith(change: (url: URL) => void): string {
  const url = new URL(serverUrl);
  change(url);
  return url.href;
}

const COMMANDS = [["status"], ["migrate"], ["migrate", "--dry-run"], ["init"]] as const;

async function expectRefusal(argv: readonly string[], url: string, code: string, ...texts: RegExp[]) {
  const human = await project.run([...argv, "--env", "production"], { DATABASE_URL: url });
  expect(human).toMatchObject({ exitCode: 2, stdout: "" });
  for (const text of texts) expect(human.stderr).toMatch(text);
  expect(human.stderr).toMatch(/\nhint: /);
  expect(human.stderr).not.toMatch(/\n\s+at |This is a bug/);
  const machine = await project.run([...argv, "--env", "production", "--json"], { DATABASE_URL: url });
  expect(machine.exitCode).toBe(2);
  expect(JSON.parse(machine.stdout)).toMatchObject({ ok: false, error: { code } });
  const { password } = new URL(url);
  if (password !== "")
    expect(human.stderr + machine.stdout + machine.stderr).not.toContain(decodeURIComponent(password));
}

describe.each(COMMANDS.map((argv) => argv.join(" ")))("tenantry %s", (line) => {
  const argv = line.split(" ");

  it("names a server that nobody answers at", async () => {
    const port = await listen(() => {});
    const closed = port === 65_535 ? port - 1 : port + 1;
    const url = `postgres://me:hunter22@127.0.0.1:${closed}/app`;
    await expectRefusal(
      argv,
      url,
      "connection-failed",
      new RegExp(`127\\.0\\.0\\.1:${closed} \\(database app, user me\\)`),
      /ECONNREFUSED/,
      /DATABASE_URL/,
    );
  });

  it("names a host that does not exist", async () => {
    await expectRefusal(
      argv,
      "postgres://me:hunter22@no-such-host.invalid/app",
      "connection-failed",
      /no-such-host\.invalid:5432/,
    );
  });

  it("names a login that the server rejects, and not its password", async () => {
    const url = serverWith((one) => {
      one.password = "hunter22";
    });
    await expectRefusal(argv, url, "password-rejected", /rejected the login postgres/, /DATABASE_URL/);
  });

  it("names a login that the server does not know", async () => {
    const url = serverWith((one) => {
      one.username = "no_such_login";
    });
    await expectRefusal(argv, url, "password-rejected", /rejected the login no_such_login/);
  });

  it("names a database that is missing", async () => {
    const url = serverWith((one) => {
      one.pathname = "/no_such_database";
    });
    await expectRefusal(
      argv,
      url,
      "database-missing",
      /There is no database no_such_database/,
      /createdb no_such_database/,
    );
  });

  it("names a server that is too old", async () => {
    const port = await fakePostgres(14_0012);
    await expectRefusal(
      argv,
      `postgres://me@127.0.0.1:${port}/app`,
      "server-too-old",
      new RegExp(`127\\.0\\.0\\.1:${port} is PostgreSQL 14; tenantry needs 15 or newer`),
    );
  });

  it.each(["not a url", "mysql://me:hunter22@localhost/app", "postgres://me:%zz@localhost/app"])(
    "refuses %j as a URL, without repeating it",
    async (url) => {
      const { exitCode, stderr } = await project.run([...argv, "--env", "production"], { DATABASE_URL: url });
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/DATABASE_URL is not a PostgreSQL URL/);
      expect(stderr).not.toMatch(/hunter22|\n\s+at /);
    },
  );

  it("asks for a URL outside development", async () => {
    const { exitCode, stderr } = await project.run([...argv, "--env", "staging"]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/DATABASE_URL is not set, and the environment is staging/);
  });

  it("refuses an environment that it does not know", async () => {
    const { exitCode, stderr } = await project.run(argv, {
      TENANTRY_ENV: "produktion",
      DATABASE_URL: serverUrl,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Unknown environment "produktion"/);
  });
});

describe("tenantry create, with a shadow server that is not there", () => {
  it("names the variable that a user would correct", async () => {
    await project.write(
      'export const more = pgTable("more", { ...tenantKey() }, (t) => [withTenantRls(t)]);\n',
    );
    const entries = await project.entries();
    const { exitCode, stderr } = await project.run(["create", "next", "--create", "more"], {
      SHADOW_DATABASE_URL: "postgres://me:hunter22@127.0.0.1:1/app",
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/No connection to the server at 127\.0\.0\.1:1/);
    expect(stderr).toMatch(/SHADOW_DATABASE_URL/);
    expect(stderr).not.toMatch(/hunter22|\n\s+at /);
    expect(await project.entries()).toEqual(entries);
  });
});

describe("what is no PostgreSQL server", () => {
  it.each<[string, (socket: Socket) => void]>([
    ["speaks another protocol", (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["closes every connection", (socket) => void socket.destroy()],
    ["says nothing", () => {}],
  ])("is named in time where it %s", async (_, serve) => {
    const port = await listen(serve);
    const opening = openDatabase(new URL(`postgres://me@127.0.0.1:${port}/app`), { timeoutSeconds: 1 });
    await expect(opening).rejects.toMatchObject({
      code: "connection-failed",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});

describe("the oldest server that works", () => {
  it("is 15: a fake one of that version is let through to the next question", async () => {
    const port = await fakePostgres(15_0000);
    const database = await openDatabase(new URL(`postgres://me@127.0.0.1:${port}/app`));
    await database.end({ timeout: 1 });
  });
});
