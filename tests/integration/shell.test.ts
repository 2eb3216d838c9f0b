import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { runSqlPrompt } from "../../src/cli/shell/sql-prompt.js";
import { openSqlSession } from "../../src/cli/shell/sql-session.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { connectRedis } from "../../src/redis/connect-redis.js";
import type { TestDatabase } from "../../src/testing/index.js";
import { copyBuiltProject } from "../e2e/support/copy-project.js";
import { createTestDatabase } from "../support/databases.js";
import { findProgram } from "../support/find-program.js";
import { canInstallDebianPackages, installDebianPackage } from "../support/install-debian-package.js";
import { redisUrl } from "../support/redis-url.js";

const ANNA = "0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b1d";
const BERT = "0192d0a4-8f6e-7c3a-9b1d-2f4e6a8c0b2e";

let database: TestDatabase;
let project = "";
let temporary = "";
let built = "";

beforeAll(async () => {
  if ((await findProgram(["psql"])) === undefined && (await canInstallDebianPackages()))
    await installDebianPackage("postgresql-client");
  built = await build();
  database = await createTestDatabase();
  project = await makeProject("");
  temporary = await mkdtemp(join(tmpdir(), "tenantry-shell-tmp-"));
  const { admin } = database;
  for (const [id, name] of [
    [ANNA, "anna"],
    [BERT, "bert"],
  ] as const) {
    await admin`insert into creators (id, email, display_name, password_hash)
      values (${id}, ${`${name}@example.com`}, ${name}, ${"$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"})`;
    await admin`insert into documents (creator_id, title, checksum) values (${id}, ${`${name}'s`}, ${"0".repeat(64)})`;
  }
});

afterAll(async () => {
  for (const directory of [project, temporary, built]) await rm(directory, { recursive: true, force: true });
});

/** The command line as it is now, whatever `dist/` holds. */
async function build(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tenantry-shell-built-"));
  await copyBuiltProject(directory);
  return directory;
}

/** A project whose configuration needs no build. */
async function makeProject(tenancy: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tenantry-shell-project-"));
  await writeFile(
    join(directory, "drizzle.config.ts"),
    `export default { dialect: "postgresql", schema: "./schema.ts" };\n${tenancy}\n`,
  );
  return directory;
}

type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
type Running = { readonly child: ChildProcess; readonly pid: number; readonly ended: Promise<Ended> };
type StartOptions = {
  readonly cwd?: string;
  readonly variables?: NodeJS.ProcessEnv;
  /** Undefined: the input stays open. */
  readonly input?: string | undefined;
};

/** Starts `tenantry` from its source, in a process group of its own, as a terminal's job is. */
function start(args: readonly string[], options: StartOptions = {}): Running {
  const { DATABASE_URL: _, SERVICE_DATABASE_URL: __, TENANTRY_ENV: ___, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(built, "dist/src/cli/bin.js"), ...args], {
    cwd: options.cwd ?? project,
    env: {
      ...inherited,
      TMPDIR: temporary,
      DATABASE_URL: database.adminUrl.href,
      SERVICE_DATABASE_URL: database.serviceUrl.href,
      REDIS_URL: redisUrl,
      PSQLRC: "/dev/null",
      ...options.variables,
    },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  if (options.input !== undefined) child.stdin.end(options.input);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { child, pid: child.pid ?? expect.fail("not started"), ended };
}

const run = (args: readonly string[], options: StartOptions = {}) =>
  start(args, { input: "", ...options }).ended;

let naps = 600;

/** The psql of a `tenantry shell`, once it runs a statement that sleeps; no two tests sleep alike. */
async function putToSleep({ child, pid: parent }: Running): Promise<number> {
  naps += 1;
  const statement = `select pg_sleep(${naps});`;
  child.stdin?.write(`${statement}\n`);
  await vi.waitFor(
    async () => {
      const rows = await database.admin`select from pg_stat_activity
        where datname = current_database() and application_name = 'tenantry shell' and query = ${statement} and state = 'active'`;
      expect(rows.length).toBe(1);
    },
    { timeout: 30_000, interval: 20 },
  );
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  const psql = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("psql"));
  return Number(psql ?? expect.fail("no psql"));
}

const passwordFolders = () => readdirSync(temporary).filter((name) => name.startsWith("tenantry-psql-"));

describe("tenantry shell by psql", () => {
  it("runs one statement on the migrator's database", async () => {
    const { status, stdout } = await run(["shell", "-c", "select current_database(), 'a;b'"]);
    expect(stdout).toContain(database.name);
    expect(stdout).toContain("(1 row)");
    expect(status).toBe(0);
    expect(passwordFolders()).toEqual([]);
  });

  it("shows no password in any process list or environment, keeps it in a file of 0600, and removes that", async () => {
    const shell = start(["shell"]);
    const psql = await putToSleep(shell);
    const secret = decodeURIComponent(database.adminUrl.password);
    expect(secret.length).toBeGreaterThan(8);
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(secret);
    const environment = readFileSync(`/proc/${psql}/environ`, "utf8");
    expect(environment).not.toContain(secret);
    expect(environment).not.toContain(decodeURIComponent(database.serviceUrl.password));
    expect(environment).not.toMatch(/PGPASSWORD|DATABASE_URL/);
    const file = /PGPASSFILE=([^\0]+)/.exec(environment)?.[1] ?? expect.fail("no password file");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
    expect(readFileSync(file, "utf8")).toContain(secret);

    // What a terminal does at Ctrl-C: the signal goes to the whole group.
    process.kill(-shell.pid, "SIGINT");
    const { status, stderr } = await shell.ended;
    expect(stderr).toContain("canceling statement due to user request");
    expect(stderr).not.toContain("stopping");
    expect(status).toBe(2);
    expect(existsSync(file)).toBe(false);
    expect(passwordFolders()).toEqual([]);
  });

  it.each(["SIGTERM", "SIGHUP"] as const)("ends psql and removes the file at %s", async (signal) => {
    const shell = start(["shell"]);
    const psql = await putToSleep(shell);
    expect(passwordFolders()).toHaveLength(1);
    process.kill(shell.pid, signal);
    expect((await shell.ended).status).toBe(2);
    expect(passwordFolders()).toEqual([]);
    expect(existsSync(`/proc/${psql}`)).toBe(false);
    await database.admin`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'tenantry shell'`;
  });

  it("removes at the next run what a kill -9 has left", async () => {
    const shell = start(["shell"]);
    const psql = await putToSleep(shell);
    process.kill(shell.pid, "SIGKILL");
    process.kill(psql, "SIGKILL");
    await shell.ended;
    expect(passwordFolders()).toHaveLength(1);
    await run(["shell", "-c", "select 1"]);
    expect(passwordFolders()).toEqual([]);
    await database.admin`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'tenantry shell'`;
  });

  it("reads statements from a pipe, however slowly they come, and stops with 2 at the first error", async () => {
    const shell = start(["shell"]);
    shell.child.stdin?.write("select 'first';\n");
    await vi.waitFor(async () => {
      const rows = await database.admin`select from pg_stat_activity
        where datname = current_database() and application_name = 'tenantry shell' and query like '%first%' and state = 'idle'`;
      expect(rows.length).toBe(1);
    }, 30_000);
    shell.child.stdin?.end("select nonsense;\nselect 'never';\n");
    const { status, stdout, stderr } = await shell.ended;
    expect(stdout).toContain("first");
    expect(stdout).not.toContain("never");
    expect(stderr).toContain('column "nonsense" does not exist');
    expect(status).toBe(2);
  });

  it("sees as a creator that creator's rows alone", async () => {
    const { status, stdout } = await run([
      "shell",
      "--as-creator",
      ANNA,
      "-c",
      "select title from documents",
    ]);
    expect(stdout).toContain("anna's");
    expect(stdout).not.toContain("bert's");
    expect(status).toBe(0);
  });

  it("hands on any text as a tenant's id unchanged", async () => {
    const cwd = await makeProject(
      'export const tenancy = { settings: { columnType: "text", setting: "app.org" } };',
    );
    onTestFinished(() => rm(cwd, { recursive: true }));
    const id = " \\ \\\\b'c\"d\ne\r\tf %/ $x`y` =; -c app.org=other é💧 ";
    for (const more of [[], ["--builtin"]]) {
      const sql = "select encode(convert_to(current_setting('app.org'), 'UTF8'), 'hex') as id";
      const { stdout, stderr } = await run(["shell", "--as-creator", id, ...more, "-c", sql], { cwd });
      expect(stderr).toBe("");
      expect(stdout).toContain(Buffer.from(id).toString("hex"));
    }
  });
});

describe("tenantry shell", () => {
  it("refuses a bad id before anything is started", async () => {
    const bin = await mkdtemp(join(tmpdir(), "tenantry-shell-bin-"));
    onTestFinished(() => rm(bin, { recursive: true }));
    const witness = join(bin, "started");
    await writeFile(join(bin, "psql"), `#!/bin/sh\ntouch ${witness}\n`);
    chmodSync(join(bin, "psql"), 0o755);
    // A server that does not answer: nothing has been asked of it, either.
    const variables = {
      PATH: `${bin}:${process.env.PATH}`,
      DATABASE_URL: "",
      SERVICE_DATABASE_URL: "postgres://me@127.0.0.1:1/x",
    };
    const { status, stderr } = await run(["shell", "--as-creator", "1; drop table x"], { variables });
    expect(stderr).toContain("The tenant id is not a uuid.");
    expect(status).toBe(2);
    expect(existsSync(witness)).toBe(false);
    expect(existsSync(join(project, ".tenantry"))).toBe(false);
  });

  it("names tenantry init where there is no service login", async () => {
    const variables = { SERVICE_DATABASE_URL: undefined };
    const { status, stderr } = await run(["shell", "--as-creator", ANNA, "-c", "select 1"], { variables });
    expect(stderr).toMatch(/no service login[\s\S]*tenantry init/);
    expect(status).toBe(2);
  });

  it("uses the login that tenantry init has kept, for its own database and for no other", async () => {
    const cwd = await makeProject("");
    onTestFinished(() => rm(cwd, { recursive: true }));
    mkdirSync(join(cwd, ".tenantry"));
    await writeFile(join(cwd, ".tenantry/service.env"), `SERVICE_DATABASE_URL=${database.serviceUrl.href}\n`);
    const args = ["shell", "--as-creator", BERT, "-c", "select title from documents"];
    const variables = { SERVICE_DATABASE_URL: undefined };
    expect((await run(args, { cwd, variables })).stdout).toContain("bert's");

    const elsewhere = new URL(database.adminUrl);
    elsewhere.pathname = "/postgres";
    const other = await run(args, { cwd, variables: { ...variables, DATABASE_URL: elsewhere.href } });
    expect(other.stderr).toMatch(/is for .*, not for postgres at[\s\S]*tenantry init/);
    expect(other.status).toBe(2);

    const production = await run([...args, "--env", "production"], { cwd, variables });
    expect(production.stderr).toContain("SERVICE_DATABASE_URL is not set");
    expect(production.status).toBe(2);
  });

  it("refuses to call a login that sees everything a creator", async () => {
    const variables = { SERVICE_DATABASE_URL: database.adminUrl.href };
    const { status, stdout, stderr } = await run(
      ["shell", "--as-creator", ANNA, "-c", "select title from documents"],
      { variables },
    );
    expect(stderr).toContain("not bound by row security");
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });

  it("says in production where it is", async () => {
    const { stderr } = await run(["shell", "--env", "production", "-c", "select 1"]);
    expect(stderr).toMatch(
      new RegExp(`^warning: this is production: database ${database.name} at .* as .*\n$`),
    );
  });

  it("takes --json with a statement alone, and returns its rows as text", async () => {
    const sql = "select 1 as n, null as nothing, array['a'] as list";
    const { stdout, status } = await run(["shell", "--json", "-c", sql]);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      data: {
        command: "SELECT",
        columns: ["n", "nothing", "list"],
        rows: [{ n: "1", nothing: null, list: "{a}" }],
        count: 1,
      },
    });
    expect(status).toBe(0);
    for (const more of [[], ["-c", "\\dt"]]) {
      const refused = await run(["shell", "--json", ...more]);
      expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, error: { code: "argument-invalid" } });
      expect(refused.status).toBe(2);
    }
    const failed = JSON.parse((await run(["shell", "--json", "-c", "select * frm x"])).stdout);
    expect(failed.error.details).toEqual(["select * frm x", "         ^"]);
  });

  it("runs the built-in prompt where there is no psql", async () => {
    const { stdout, status } = await run(["shell"], {
      variables: { PATH: "/nonexistent" },
      input: "select 1 as one",
    });
    expect(stdout).toBe("one\n---\n1\n(1 row)\n");
    expect(status).toBe(0);
  });
});

describe("the built-in prompt in a script", () => {
  const builtin = (input: string, ...more: string[]) => run(["shell", "--builtin", ...more], { input });

  it("keeps one connection: transactions, temporary tables, settings", async () => {
    const { stdout, stderr, status } = await builtin(`
      create temp table t (a int, b text);
      begin;
      insert into t values (1, 'x;y'), (2, $$a\nb$$);
      rollback; /* ; */ begin;
      insert into t values (3, null);
      commit;
      select * from t;`);
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toEqual([
      ...["CREATE TABLE", "BEGIN", "INSERT 0 2", "ROLLBACK", "BEGIN", "INSERT 0 1", "COMMIT"],
      ...["a  b", "-  -", "3", "(1 row)", ""],
    ]);
    expect(status).toBe(0);
  });

  it("shows values as PostgreSQL prints them", async () => {
    const { stdout } = await builtin(`set timezone = 'UTC';
      select '\\xff00'::bytea as a, '{"b":  1}'::json as j, timestamptz '2026-01-02 03:04:05.678+00' as t, '{{1,2},{3,4}}'::int[] as m, 12345678901234567890.10 as n, 1 as x, 2 as x, true as b`);
    expect(stdout).toContain(
      '\\xff00  {"b":  1}  2026-01-02 03:04:05.678+00  {{1,2},{3,4}}  12345678901234567890.10  1  2  t\n',
    );
  });

  it("keeps every character of a piped script, line separators and carriage returns too", async () => {
    const { stdout } = await builtin("\uFEFFselect length('a\u2028b\rc\r\nd') as n;\r\n");
    expect(stdout).toBe("n\n-\n8\n(1 row)\n");
  });

  it("stops with 2 at the first error, with a caret at the place", async () => {
    const { stdout, stderr, status } = await builtin(
      "select 1 as a;\nselect 2,\n  nonsense\nfrom documents; select 3;\n",
    );
    expect(stdout).toBe("a\n-\n1\n(1 row)\n");
    expect(stderr).toBe('ERROR:  column "nonsense" does not exist\n  nonsense\n  ^\n');
    expect(status).toBe(2);
  });

  it("tells notices on stderr, and survives what it cannot do", async () => {
    const notice = await builtin("do $$ begin raise notice 'hello' using hint = 'h'; end $$;");
    expect(notice.stderr).toBe("NOTICE:  hello\nHINT:  h\n");
    const copy = await builtin("copy (select 1, 'x') to stdout; copy documents from stdin; select 2;");
    expect(copy.stdout).toBe("1\tx\n");
    expect(copy.stderr).toContain("COPY … FROM STDIN needs psql");
    expect(copy.status).toBe(2);
  });

  it("shows tables with their row security, and what a table has", async () => {
    const { stdout } = await builtin("\\dt\n\\d documents\n");
    expect(stdout).toMatch(/^public +documents .* on +yes +\d/m);
    expect(stdout).toMatch(/^drizzle +__drizzle_migrations .* off +no/m);
    expect(stdout).toContain("Table documents, owner");
    expect(stdout).toMatch(/^creator_id +uuid +not null/m);
    expect(stdout).toMatch(/^documents_floor +restrictive +all +app_tenant/m);
    expect((await builtin("\\d nothing")).stderr).toBe("There is no relation nothing.\n");
  });

  it("sees as a creator that creator's rows alone, also after a rolled back change of the setting", async () => {
    const { stdout } = await builtin(
      `select title from documents; begin; set local app.creator_id = '${BERT}'; rollback; select title from documents;`,
      "--as-creator",
      ANNA.toUpperCase(),
    );
    expect(stdout.match(/'s/g)).toHaveLength(2);
    expect(stdout).not.toContain("bert's");
  });

  it("ends at Ctrl-C, its statement cancelled", async () => {
    const shell = start(["shell", "--builtin"]);
    shell.child.stdin?.write("select pg_sleep(600);\nselect 'never';\n");
    await vi.waitFor(async () => {
      const rows = await database.admin`select from pg_stat_activity
        where datname = current_database() and query like '%pg_sleep(600)%' and state = 'active' and pid <> pg_backend_pid()`;
      expect(rows.length).toBe(1);
    }, 30_000);
    process.kill(-shell.pid, "SIGINT");
    const { status, stdout, stderr } = await shell.ended;
    expect(stdout).toBe("");
    expect(stderr).toContain("canceling statement due to user request");
    expect(stderr).toContain("error: The shell was stopped");
    expect(status).toBe(2);
  });
});

describe("the built-in prompt on a terminal", () => {
  /** A prompt on streams that say they are a terminal; `until` waits for what it shows. */
  function open() {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let shown = "";
    output.setEncoding("utf8").on("data", (text) => {
      shown += text;
    });
    const terminal = { input, output, errors: output, interactive: true };
    const target = { url: database.adminUrl, settings: {} };
    const ended = runSqlPrompt({
      terminal,
      facts: { database: "app", superuser: true },
      label: "as anna",
      open: async (onNotice) => {
        await withDatabase(database.adminUrl, {}, async () => {});
        return openSqlSession(target, onNotice);
      },
      signal: new AbortController().signal,
    });
    const until = async (text: string) => {
      await vi.waitFor(() => expect(shown).toContain(text), { timeout: 20_000, interval: 5 });
      shown = shown.slice(shown.indexOf(text) + text.length);
    };
    return { type: (text: string) => void input.write(text), until, ended };
  }

  it("asks for more until a statement is whole, and says what is open", async () => {
    const { type, until, ended } = open();
    await until("app as anna=# ");
    type("select 'a\r");
    await until("app as anna'# ");
    type("b', (\r");
    await until("app as anna(# ");
    type("1) as x;\r");
    await until("(1 row)");
    type("\u0004");
    expect(await ended).toBe(0);
  });

  it("goes on after an error, and shows the state of the transaction", async () => {
    const { type, until, ended } = open();
    await until("=# ");
    type("begin;\r");
    await until("=*# ");
    type("select nonsense;\r");
    await until("=!# ");
    type("rollback;\r");
    await until("=# ");
    type("\\q\r");
    expect(await ended).toBe(0);
  });

  it("cancels what runs at Ctrl-C, and forgets what is typed at another", async () => {
    const { type, until, ended } = open();
    await until("=# ");
    type("select pg_sleep(601);\r");
    await vi.waitFor(async () => {
      const rows =
        await database.admin`select from pg_stat_activity where query = 'select pg_sleep(601)' and state = 'active'`;
      expect(rows.length).toBe(1);
    }, 20_000);
    type("\u0003");
    await until("canceling statement due to user request");
    type("select (\r");
    await until("(# ");
    type("half\u0003");
    await until("=# ");
    type("select 'alive';\r");
    await until("alive\n(1 row)");
    type("quit\r");
    expect(await ended).toBe(0);
  });

  it("connects again when the connection is lost", async () => {
    const { type, until, ended } = open();
    await until("=# ");
    type("begin;\r");
    await until("=*# ");
    type("select pg_terminate_backend(pg_backend_pid());\r");
    await until("Connected again.");
    await until("=# ");
    type("select 'alive';\r");
    await until("alive\n(1 row)");
    type("exit\r");
    expect(await ended).toBe(0);
  });
});

describe("tenantry redis-shell", () => {
  const prefix = `tenantry-shell-${process.pid}`;
  const key = `${prefix}:key`;
  const user = `${prefix}-user`;

  beforeAll(async () => {
    const redis = await connectRedis(redisUrl);
    await redis.call("ACL", "SETUSER", user, "on", ">s3cret word", `~${prefix}:*`, "+@all");
    redis.disconnect();
  });
  afterAll(async () => {
    const redis = await connectRedis(redisUrl);
    await redis.call("ACL", "DELUSER", user);
    await redis.call("DEL", key);
    redis.disconnect();
  });
  const asUser = () => {
    const url = new URL(redisUrl);
    url.username = user;
    url.password = "s3cret%20word";
    return { REDIS_URL: url.href };
  };

  it("runs one command, for a script: raw, exit 2 if Redis refuses it", async () => {
    const variables = asUser();
    expect(await run(["redis-shell", "-c", `set ${key} "a b"`], { variables })).toEqual({
      status: 0,
      stdout: "OK\n",
      stderr: "",
    });
    expect((await run(["redis-shell", "-c", `get ${key}`], { variables })).stdout).toBe("a b\n");
    const json = await run(["redis-shell", "--json", "-c", `mget ${key} ${prefix}:nothing`], { variables });
    expect(JSON.parse(json.stdout).data).toEqual({ reply: ["a b", null] });
    const refused = await run(["redis-shell", "-c", `incr ${key}`], { variables });
    expect(refused.stderr).toContain("Redis refused the command: ERR value is not an integer");
    expect(refused.status).toBe(2);
  });

  it("reads commands from a pipe and stops with 2 at the first error", async () => {
    const input = `set ${key} 1\nincr ${key}\nget ${prefix}:nothing\nlpush ${key} x\nget ${key}\n`;
    const { status, stdout, stderr } = await run(["redis-shell"], { input, variables: asUser() });
    expect(stdout).toBe("OK\n2\n\n");
    expect(stderr).toContain("WRONGTYPE");
    expect(status).toBe(2);
  });

  it("refuses a session with --json, and a command that never ends", async () => {
    expect((await run(["redis-shell", "--json"])).status).toBe(2);
    const { stderr, status } = await run(["redis-shell", "-c", "subscribe x"]);
    expect(stderr).toContain("SUBSCRIBE needs redis-cli");
    expect(status).toBe(2);
  });
});
