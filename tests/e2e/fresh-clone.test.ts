import { chown, mkdir, readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { copyProject, repository } from "./support/copy-project.js";
import { type Command, type Ended, mustRun, runCommand } from "./support/run-command.js";
import { readServerPid, stopServer } from "./support/stop-server.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";

const MINUTES = 60_000;
vi.setConfig({ testTimeout: 5 * MINUTES, hookTimeout: 5 * MINUTES });
const isRoot = process.getuid?.() === 0;
const folder = await makeTemporaryFolder();
const serverState = z.object({ port: z.number(), password: z.string() });

type Account = NonNullable<Command["account"]>;
type Clone = { readonly directory: string; readonly home: string; readonly account: Account | undefined };

/** A clone with all that is committed, such as `git clone` makes one. */
async function makeClone(name: string, account: Account | undefined): Promise<Clone> {
  const clone = { directory: join(folder, name), home: join(folder, `${name} home`), account };
  await mkdir(clone.home);
  await copyProject(clone.directory);
  await give(clone.directory, account);
  await give(clone.home, account);
  const git = (...args: string[]) => mustRun({ ...commandIn(clone), program: "git", args });
  await git("init", "--quiet");
  await git("add", "--all");
  await git("-c", "user.name=e2e", "-c", "user.email=e2e@localhost", "commit", "--quiet", "--message=all");
  return clone;
}

async function give(path: string, account: Account | undefined): Promise<void> {
  if (account === undefined) return;
  const owner = `${account.uid}:${account.gid}`;
  await mustRun({ program: "chown", args: ["-R", owner, path], cwd: folder });
}

/** Ordinary users have a home of their own; ourselves we keep ours, and npm's cache in it. */
function commandIn({ directory, home, account }: Clone): Pick<Command, "cwd" | "env" | "account"> {
  return {
    cwd: directory,
    account,
    env: account === undefined ? {} : { HOME: home, npm_config_cache: home },
  };
}

function make(clone: Clone, target: string): Promise<Ended> {
  return runCommand({ ...commandIn(clone), program: "make", args: [target] });
}

async function stop(clone: Clone | undefined): Promise<void> {
  if (clone !== undefined)
    await stopServer(clone.directory, { ...commandIn(clone), program: "make", args: ["db-stop"] });
}

async function readSecrets({ directory }: Clone) {
  const state = serverState.parse(
    JSON.parse(await readFile(join(directory, ".tenantry/server.json"), "utf8")),
  );
  const variables = parseEnv(await readFile(join(directory, ".tenantry/service.env"), "utf8"));
  const serviceUrl = new URL(variables.SERVICE_DATABASE_URL ?? "");
  return { port: state.port, serviceUrl, passwords: [state.password, serviceUrl.password] };
}

/** Runs statements as the clone's service login, in a tenant's context. */
async function asService<T>(clone: Clone, tenant: string, use: (sql: postgres.TransactionSql) => Promise<T>) {
  const { serviceUrl } = await readSecrets(clone);
  const service = postgres(serviceUrl.href, { max: 1, onnotice: () => {} });
  try {
    const { value } = await service.begin(async (sql) => {
      await sql`select set_config('app.creator_id', ${tenant}, true)`;
      return { value: await use(sql) };
    });
    return value;
  } finally {
    await service.end();
  }
}

function expectNoSecret(text: string, passwords: readonly string[]): void {
  for (const password of passwords) expect(text.includes(password), "a password is shown").toBe(false);
}

/** Everything that a person does with a clone, in this order; each test stands on those before. */
function describeSetUp(clone: () => Clone): void {
  it("becomes a database with every table isolated by one command", async () => {
    const { status, stdout, stderr } = await make(clone(), "db-init");
    expect(stderr).toContain("building");
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toMatch(/^Applied \d+ migrations\.$/m);
    expect(stdout).toMatch(/^(\d+) of \1 tables are isolated\.$/m);
    expect(stdout).toContain("SERVICE_DATABASE_URL in ");
    expectNoSecret(`${stdout}${stderr}`, (await readSecrets(clone())).passwords);
  });

  it("keeps the service's login where only its owner can read it", async () => {
    const { mode, uid } = await stat(join(clone().directory, ".tenantry/service.env"));
    expect((mode & 0o777).toString(8)).toBe("600");
    expect(uid).toBe(clone().account?.uid ?? process.getuid?.());
  });

  it("makes that login a member of app_tenant, and of nothing more", async () => {
    const [login] = await asService(
      clone(),
      "",
      (sql) => sql`
        select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as powerful,
               array(select roleid::regrole::text from pg_auth_members where member = pg_roles.oid) as groups,
               (select count(*)::int from pg_class where relowner = pg_roles.oid) as owned
        from pg_roles where rolname = current_user`,
    );
    expect(login).toEqual({ powerful: false, groups: ["app_tenant"], owned: 0 });
  });

  it("has a server that outlives the command, and shows no password in the process list or its log", async () => {
    const pid = await readServerPid(clone().directory);
    expect(pid).toBeDefined();
    expect(() => process.kill(pid!, 0)).not.toThrow();
    const { passwords } = await readSecrets(clone());
    const { stdout } = await mustRun({ program: "ps", args: ["-e", "-ww", "-o", "args="], cwd: folder });
    expectNoSecret(stdout, passwords);
    expectNoSecret(await readFile(join(clone().directory, ".tenantry/server.log"), "utf8"), passwords);
  });

  it("says the second time that all is up to date, and changes nothing", async () => {
    const before = await readSecrets(clone());
    const { status, stdout, stderr } = await make(clone(), "db-init");
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toMatch(/^All is up to date\.$/m);
    expect(stderr).not.toMatch(/installing|building|Creating|creating/);
    expect(await readSecrets(clone())).toEqual(before);
  });

  it("has a status that is settled", async () => {
    const { status, stdout, stderr } = await make(clone(), "db-status");
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain(`, 0 pending`);
    expectNoSecret(`${stdout}${stderr}`, (await readSecrets(clone())).passwords);
  });

  it("shows in the demo that one creator cannot reach the other's rows", async () => {
    const { status, stdout, stderr } = await make(clone(), "demo");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("Isolated: all five attempts failed.");
  });

  it("leaves nothing in the clone that git would take for a change", async () => {
    const args = ["status", "--porcelain"];
    const { stdout } = await mustRun({ ...commandIn(clone()), program: "git", args });
    expect(stdout).toBe("");
  });
}

let first: Clone;
let second: Clone;

afterAll(async () => {
  await stop(first);
  await stop(second);
});

describe("a fresh clone, with nothing installed, of whoever runs the tests", () => {
  beforeAll(async () => {
    first = await makeClone("first clone", undefined);
  });

  describeSetUp(() => first);
});

describe("a second clone beside it, of an ordinary user", () => {
  beforeAll(async () => {
    second = await makeClone("second clone", isRoot ? await findNobody() : undefined);
    await copyDependencies(second);
  });

  describeSetUp(() => second);

  it("has a port and data of its own", async () => {
    expect((await readSecrets(second)).port).not.toBe((await readSecrets(first)).port);
    const id = "019b76da-0000-7000-8000-0000000000e2";
    const countCreators = (clone: Clone) =>
      asService(clone, id, (sql) => sql`select count(*)::int as creators from creators`);
    await asService(
      first,
      id,
      (sql) => sql`
        insert into creators (email, display_name, password_hash)
        values ('first@clone.example', 'Of the first clone', '$argon2id$v=19$salt$hash')`,
    );
    expect(await countCreators(first)).toEqual([{ creators: 1 }]);
    expect(await countCreators(second)).toEqual([{ creators: 0 }]);
  });

  it("keeps its server when the first one's is stopped", async () => {
    const { status, stdout } = await make(first, "db-stop");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "PostgreSQL is stopped.\n" });
    expect(await readServerPid(first.directory)).toBeUndefined();
    expect(await readServerPid(second.directory)).toBeDefined();
  });
});

/** The user that every system has, and that owns nothing. */
async function findNobody(): Promise<Account> {
  const idOf = async (flag: string) =>
    Number((await mustRun({ program: "id", args: [flag, "nobody"], cwd: folder })).stdout);
  return { uid: await idOf("-u"), gid: await idOf("-g") };
}

/** To save the time of a second installation. Newer than the lock file, as an installation is. */
async function copyDependencies({ directory, account }: Clone): Promise<void> {
  const target = join(directory, "node_modules");
  await mustRun({ program: "cp", args: ["-a", join(repository, "node_modules"), target], cwd: folder });
  await give(target, account);
  const now = new Date();
  await utimes(join(target, ".package-lock.json"), now, now);
  if (account !== undefined) await chown(target, account.uid, account.gid);
}
