import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createEmptyDatabase, serverUrl } from "../support/databases.js";
import { type Ended, mustRun, runCommand } from "./support/run-command.js";
import { stopServer } from "./support/stop-server.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";
import {
  createSmallProjects,
  expectJsonRefusal,
  expectRefusal,
  SMALL_SCHEMA,
  type SmallProject,
} from "./support/tenantry.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const SECRET = "hunter2-and-more";
const isRoot = process.getuid?.() === 0;
const folder = await makeTemporaryFolder();
const database = await createEmptyDatabase();
const working = { DATABASE_URL: database.adminUrl.href, SHADOW_DATABASE_URL: serverUrl };

let makeProject: (name: string) => Promise<SmallProject>;
/** For what changes no file. */
let project: SmallProject;

beforeAll(async () => {
  makeProject = await createSmallProjects(folder, serverUrl);
  project = await makeProject("project");
  await mustRun(project.tenantry(["migrate"], working));
});

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return runCommand(project.tenantry(args, env));
}

/** A URL of the test server with something changed. */
function urlWith(change: (url: URL) => void): string {
  const url = new URL(database.adminUrl);
  change(url);
  return url.href;
}

function expectNoSecret({ stdout, stderr }: Ended, secret = SECRET): void {
  expect(`${stdout}${stderr}`).not.toContain(secret);
}

describe("a command line that makes no sense", () => {
  it("names a misspelt command's likely meaning", async () => {
    expectRefusal(await run(["statsu"]), "statsu", "Did you mean status?", "tenantry --help");
    expectJsonRefusal(await run(["statsu", "--json"]), "argument-invalid");
  });

  it("names a misspelt option's likely meaning", async () => {
    expectRefusal(
      await run(["status", "--jsno"]),
      "--jsno",
      "Did you mean --json?",
      "tenantry status --help",
    );
  });

  it("names an option that there is not, also where one object was promised", async () => {
    expectRefusal(await run(["migrate", "--bogus"]), "--bogus", "tenantry migrate --help");
    expectJsonRefusal(await run(["migrate", "--bogus", "--json"]), "argument-invalid");
    expectJsonRefusal(await run(["--json", "migrate", "--bogus"]), "argument-invalid");
  });

  it("says which option has a value that is none", async () => {
    expectRefusal(
      await run(["migrate", "--lock-wait", "soon"]),
      "--lock-wait",
      "For example: tenantry migrate",
    );
    expectRefusal(await run(["start", "--port", "70000"]), "--port");
    expectRefusal(await run(["create"]), "name: a name is missing", "tenantry create add_invoices");
  });

  it("is a refusal, not a success, when there is nothing on it", async () => {
    const { status, stdout, stderr } = await run([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("Usage: tenantry");
  });

  it("takes the options of every command also in front of the command", async () => {
    const { status, stdout } = await run(["--json", "--quiet", "status"], working);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, command: "status" });
  });
});

describe("an environment", () => {
  it("that is not known is refused", async () => {
    expectRefusal(
      await run(["migrate", "--env", "produktion"], working),
      '"produktion"',
      "development, staging, production",
    );
    expectRefusal(await run(["migrate"], { ...working, TENANTRY_ENV: "prod" }), '"prod"', "TENANTRY_ENV");
    expectJsonRefusal(await run(["migrate", "--env", "prod", "--json"], working), "environment-unknown");
  });

  it("that a script has left empty does not mean development", async () => {
    expectRefusal(await run(["migrate", "--env", ""], working), "--env");
  });

  it("that is production gets no server of its own", async () => {
    expectRefusal(await run(["status", "--env", "production"]), "DATABASE_URL is not set", "production");
    expectRefusal(await run(["start", "--env", "production"]), "production", "DATABASE_URL");
  });
});

describe("a server", () => {
  it("that does not answer is named, without the password", async () => {
    const DATABASE_URL = `postgres://me:${SECRET}@127.0.0.1:1/shop`;
    const ended = await run(["status"], { DATABASE_URL });
    expectRefusal(ended, "127.0.0.1:1", "shop", "DATABASE_URL");
    expectNoSecret(ended);
    const json = await run(["migrate", "--json"], { DATABASE_URL });
    expectJsonRefusal(json, "connection-failed");
    expectNoSecret(json);
  });

  it("that rejects the password is named, and the password is not", async () => {
    const DATABASE_URL = urlWith((url) => {
      url.password = SECRET;
    });
    const ended = await run(["migrate"], { DATABASE_URL });
    expectRefusal(ended, database.adminUrl.port, "rejected the login postgres", "DATABASE_URL");
    expectNoSecret(ended);
  });

  it("that lacks the database is not given one in production", async () => {
    const DATABASE_URL = urlWith((url) => {
      url.pathname = "/no_such_database";
    });
    for (const command of ["migrate", "init"]) {
      const ended = await run([command, "--env", "production"], { DATABASE_URL });
      expectRefusal(ended, "no database no_such_database", "createdb no_such_database");
      expect(ended.stderr, "what has just failed is no advice").not.toContain('run "tenantry init"');
    }
    expectJsonRefusal(
      await run(["migrate", "--env", "staging", "--json"], { DATABASE_URL }),
      "database-missing",
    );
  });

  it.each([
    ["another kind of URL", `mysql://me:${SECRET}@host/db`],
    ["a / in its password", `postgres://me:${SECRET}/x@host/db`],
  ])("whose URL is %s is refused without repeating it", async (_, url) => {
    const ended = await run(["status"], { DATABASE_URL: url });
    expectRefusal(ended, "DATABASE_URL is not a PostgreSQL URL", "percent-encoded");
    expectNoSecret(ended);
    const option = await run(["status", "--json", "--database-url", url]);
    expectJsonRefusal(option, "argument-invalid");
    expect(option.stdout).toContain("--database-url is not a PostgreSQL URL");
    expectNoSecret(option);
  });
});

describe("a project", () => {
  it("without a configuration file is refused", async () => {
    const elsewhere = { ...project.tenantry(["status"]), cwd: folder };
    expectRefusal(await runCommand(elsewhere), `drizzle.config.ts was not found in ${folder}`, "--config");
    expectRefusal(await run(["status", "--config", "other.ts"]), "other.ts", "--config");
  });

  it("whose configuration or schema does not load is told the file and the line", async () => {
    const broken = await makeProject("does not load");
    await broken.write(
      "schema.ts",
      'import { nothing } from "no-such-package";\nexport const x = nothing;\n',
    );
    expectRefusal(
      await runCommand(broken.tenantry(["create", "x"], working)),
      "schema.ts",
      "no-such-package",
    );
    await broken.write("schema.ts", "export const one = 1;\nexport const two = = 2;\n");
    expectRefusal(await runCommand(broken.tenantry(["migrate"], working)), /schema\.ts:2/);
    await broken.write("drizzle.config.ts", "export default { dialect: 'mysql' };\n");
    expectRefusal(
      await runCommand(broken.tenantry(["status"], working)),
      "drizzle.config.ts is not valid",
      "dialect",
    );
  });

  it("that exports no table is not called isolated", async () => {
    const empty = await makeProject("no tables");
    await empty.write("schema.ts", "export const creators = 1;\n");
    for (const args of [["status"], ["create", "x"], ["migrate"]])
      expectRefusal(await runCommand(empty.tenantry(args, working)), "export no table", "drizzle.config.ts");
  });

  it("with a table that lacks the tenant column is refused", async () => {
    const loose = await makeProject("loose table");
    const columns = '{ id: text("id").primaryKey() }';
    await loose.write(
      "schema.ts",
      `${SMALL_SCHEMA}export const loose = pgTable("loose", ${columns}, (t) => [withTenantRls(t as never)]);\n`,
    );
    const ended = await runCommand(loose.tenantry(["create", "loose"], working));
    expectRefusal(ended, "Table loose has no tenant column creator_id", "tenantKey()");
    expectJsonRefusal(
      await runCommand(loose.tenantry(["status", "--json"], working)),
      "tenant-column-missing",
    );
    expect(await loose.migrations()).toEqual(await project.migrations());
  });

  it("with a table that says nothing of tenants gets a finding, and no migration", async () => {
    const loose = await makeProject("undeclared table");
    await loose.write(
      "schema.ts",
      `${SMALL_SCHEMA}export const loose = pgTable("loose", { id: text("id").primaryKey() });\n`,
    );
    const { status, stdout } = await runCommand(loose.tenantry(["create", "loose"], working));
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringContaining("error[table-not-declared] loose"),
    });
    expect(await loose.migrations()).toEqual(await project.migrations());
  });
});

describe("a migrations folder", () => {
  const migrate = (broken: SmallProject) => runCommand(broken.tenantry(["migrate"], working));

  it("that is missing or empty is named, with the command that fills it", async () => {
    const broken = await makeProject("no migrations");
    const path = join(broken.directory, "drizzle");
    await rm(path, { recursive: true });
    expectRefusal(await migrate(broken), `no migrations folder at ${path}`, "tenantry create init");
    expectRefusal(await runCommand(broken.tenantry(["status"], working)), path, "tenantry create init");
    await mkdir(path);
    expectRefusal(await migrate(broken), `${path} is empty`, "tenantry create init");
  });

  it("that is a file is named", async () => {
    const broken = await makeProject("a file for migrations");
    await rm(join(broken.directory, "drizzle"), { recursive: true });
    await broken.write("drizzle", "not a folder");
    expectRefusal(await migrate(broken), join(broken.directory, "drizzle"));
    expectRefusal(
      await runCommand(broken.tenantry(["create", "x"], working)),
      join(broken.directory, "drizzle"),
    );
  });

  it("that has lost a file is refused, and create does not begin anew", async () => {
    const broken = await makeProject("lost file");
    const [name] = await broken.migrations();
    await rm(join(broken.directory, "drizzle", name!, "migration.sql"));
    expectRefusal(await migrate(broken), name!, "migration.sql", "from git");
    expectRefusal(await runCommand(broken.tenantry(["create", "x"], working)), name!, "migration.sql");
    expect(await broken.migrations()).toEqual([name]);
  });

  it("whose snapshot is broken is refused by create, which names it", async () => {
    const broken = await makeProject("broken snapshot");
    const [name] = await broken.migrations();
    await broken.write(join("drizzle", name!, "snapshot.json"), "{");
    const ended = await runCommand(broken.tenantry(["create", "x"], working));
    expectRefusal(ended, `${name}/snapshot.json`, "from git");
    expect(await broken.migrations()).toEqual([name]);
  });

  it("whose past was edited is refused, and told by status", async () => {
    const broken = await makeProject("edited");
    const [name] = await broken.migrations();
    await writeFile(join(broken.directory, "drizzle", name!, "migration.sql"), "select 1;", { flag: "a" });
    expectRefusal(await migrate(broken), "edited", join("drizzle", name!, "migration.sql"), "from git");
    const status = await runCommand(broken.tenantry(["status"], working));
    expect(status.status).toBe(1);
    expect(status.stdout).toContain(`edited after being applied: ${name}`);
  });

  it("with SQL that does not run is rolled back, and told by line", async () => {
    const broken = await makeProject("wrong SQL");
    const sql = "create table half (id int);\n--> statement-breakpoint\nselect *\nfrom nowhere;\n";
    await broken.write("drizzle/20300101000000_wrong/migration.sql", sql);
    expectRefusal(
      await migrate(broken),
      "20300101000000_wrong",
      "from nowhere;\n       ^",
      "tenantry migrate",
    );
    expect(await database.admin`select to_regclass('half')`).toEqual([{ to_regclass: null }]);
  });
});

describe("the embedded server", () => {
  it("does not take a port that is in use", async () => {
    const busy = await makeProject("busy port");
    const listener = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void listener.close());
    await new Promise((resolve) => listener.once("listening", resolve));
    const address = listener.address();
    const port = String(typeof address === "object" ? address?.port : "");
    expectRefusal(
      await runCommand(busy.tenantry(["start", "--port", port])),
      `Port ${port}`,
      "tenantry start",
    );
    expectJsonRefusal(await runCommand(busy.tenantry(["start", "--port", port, "--json"])), "port-in-use");
    expect(await readdir(join(busy.directory, ".tenantry"))).toEqual([".gitignore"]);
  });

  it("says so when the disk is full, and leaves nothing there", async () => {
    const full = await makeProject("full disk");
    const state = join(full.directory, ".tenantry");
    await occupy(state, "size=12m,mode=755");
    for (const command of ["start", "init", "status"])
      expectRefusal(
        await runCommand(full.tenantry([command])),
        state,
        isRoot ? "disk is full" : "denied",
        "tenantry start",
      );
    expect((await readdir(state)).filter((name) => name !== ".gitignore")).toEqual([]);
  });

  it("says so when the disk is read-only", async () => {
    const frozen = await makeProject("read-only disk");
    const state = join(frozen.directory, ".tenantry");
    await occupy(state, "size=12m,mode=755,ro");
    expectRefusal(
      await runCommand(frozen.tenantry(["init"])),
      state,
      isRoot ? "read-only" : "denied",
      "tenantry start",
    );
    expectJsonRefusal(await runCommand(frozen.tenantry(["status", "--json"])), "disk");
    expect(await runCommand(frozen.tenantry(["stop"]))).toMatchObject({ status: 0 });
  });

  it("is not needed by a migration that cannot be written, of which nothing stays", async () => {
    const full = await makeProject("full migrations");
    await rm(join(full.directory, "drizzle"), { recursive: true });
    await occupy(join(full.directory, "drizzle"), "size=4k,mode=755");
    const ended = await runCommand(full.tenantry(["create", "init"], working));
    expectRefusal(ended, join(full.directory, "drizzle"), "nothing was changed");
    expect(await full.migrations()).toEqual([]);
  });
});

/** A small disk in this place; where we are not root, a folder that takes nothing, the nearest thing to it. */
async function occupy(place: string, options: string): Promise<void> {
  await mkdir(place);
  if (isRoot) {
    await mustRun({ program: "mount", args: ["-t", "tmpfs", "-o", options, "tmpfs", place], cwd: folder });
    onTestFinished(() => void spawnSync("umount", [place]));
  } else {
    await chmod(place, 0o555);
    onTestFinished(() => chmod(place, 0o755));
  }
}

afterAll(async () => {
  for (const name of ["busy port", "full disk", "read-only disk", "full migrations"])
    await stopServer(join(folder, name), { ...project.tenantry(["stop"]) });
});
