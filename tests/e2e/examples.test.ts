import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { manifest } from "../../schema/generated/manifest.js";
import { onDatabase } from "../../src/core/database-url.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { createTestDatabase, serverUrl } from "../support/databases.js";
import { redisUrl } from "../support/redis-url.js";
import { createExample } from "./support/create-example.js";
import { packProject } from "./support/pack-project.js";
import { mustRun, startCommand } from "./support/run-command.js";
import { makeTemporaryFolder } from "./support/temporary-folder.js";

const MINUTES = 60_000;
vi.setConfig({ testTimeout: 3 * MINUTES });
const folder = await makeTemporaryFolder();
let tarball = "";

beforeAll(async () => {
  tarball = (await packProject(folder)).file;
}, 5 * MINUTES);

describe("the worker", () => {
  const directory = join(folder, "worker");
  const LANES = 3;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let work: () => Promise<unknown>;

  beforeAll(async () => {
    await createExample("worker", directory, tarball);
    database = await createTestDatabase();
    const { admin, adminUrl, name } = database;
    const login = { user: `${name}_admin`, password: randomUUID() };
    // The server itself sees to it that there are never more connections than lanes.
    await admin.unsafe(
      `create role "${login.user}" login in role app_admin password '${login.password}';
       alter role "${name}" connection limit ${LANES}`,
    );
    const env = {
      SERVICE_DATABASE_URL: database.serviceUrl.href,
      ADMIN_DATABASE_URL: onDatabase(adminUrl, name, login).href,
      LANES: String(LANES),
      // The test server may be below the patched releases, and the client warns of that.
      NODE_NO_WARNINGS: "1",
    };
    // The limit is for the worker alone.
    await Promise.all([database.service.end(), database.db.close()]);
    work = async () => {
      const command = { program: process.execPath, args: ["dist/main.js"], cwd: directory, env };
      const { stdout, stderr } = await mustRun(command);
      expect(stderr).toBe("");
      return JSON.parse(stdout);
    };
  }, 5 * MINUTES);
  afterAll(async () => {
    await database.drop();
    await withDatabase(new URL(serverUrl), {}, (server) =>
      server.unsafe(`drop role if exists "${database.name}_admin"`),
    );
  });

  it("processes the documents of all active creators, over as many connections as it has lanes", async () => {
    const { admin } = database;
    await admin`
      insert into creators (id, email, display_name, password_hash, status)
      select gen_random_uuid(), n || '@example.com', 'Creator ' || n, '$none$x', case n when 40 then 'closed' else 'active' end::creator_status
      from generate_series(1, 40) n`;
    await admin`
      insert into documents (creator_id, title, content, checksum)
      select creators.id, 'Document ' || n, repeat('word ', n), repeat(to_hex(n % 16), 64)
      from creators, generate_series(1, 12) n`;
    await admin`update documents set status = 'failed' where title = 'Document 12'`;

    expect(await work()).toEqual({ creators: 39, documents: 39 * 11 });
    expect(
      await admin`
        select documents.status, creators.status as creator, count(*)::int,
          count(*) filter (where (metadata ->> 'words')::int = replace(title, 'Document ', '')::int)::int as counted
        from documents join creators on creators.id = creator_id group by 1, 2 order by 1, 2`,
    ).toEqual([
      { status: "pending", creator: "closed", count: 11, counted: 0 },
      { status: "ready", creator: "active", count: 39 * 11, counted: 39 * 11 },
      { status: "failed", creator: "active", count: 39, counted: 0 },
      { status: "failed", creator: "closed", count: 1, counted: 0 },
    ]);
    expect(await work()).toEqual({ creators: 39, documents: 0 });
  });

  it("has written down that it looked past the creators, and who changed the documents", async () => {
    const logs = await database.admin`
      select action, actor, count(*)::int from audit_logs where actor = 'example-worker' group by 1, 2 order by 1`;
    expect(logs).toEqual([
      { action: "admin", actor: "example-worker", count: 2 },
      { action: "update", actor: "example-worker", count: 39 * 11 },
    ]);
  });
});

const tokens = z.object({ accessToken: z.string(), refreshToken: z.string() });
const document = z.object({ id: z.string(), title: z.string(), content: z.string(), version: z.number() });

describe("the service", () => {
  const directory = join(folder, "hono-service");
  let url = "";
  let service: ReturnType<typeof startCommand>;

  beforeAll(async () => {
    await createExample("hono-service", directory, tarball);
    const { serviceUrl } = await createTestDatabase({ manifest });
    const env = {
      SERVICE_DATABASE_URL: serviceUrl.href,
      REDIS_URL: redisUrl,
      ACCESS_TOKEN_SECRET: randomUUID(),
      PORT: "0",
      NODE_NO_WARNINGS: "1",
    };
    service = startCommand({ program: process.execPath, args: ["dist/server.js"], cwd: directory, env });
    const listening = new Promise<string>((resolve) => {
      let said = "";
      service.child.stdout!.on("data", (text) => {
        said += text;
        const [, address] = /(http:\S+)\s/.exec(said) ?? [];
        if (address !== undefined) resolve(address);
      });
    });
    const failed = service.ended.then(({ stderr }) => Promise.reject(new Error(stderr)));
    url = await Promise.race([listening, failed]);
  }, 5 * MINUTES);
  afterAll(() => void service?.child.kill("SIGKILL"));

  async function ask(method: string, path: string, { token = "", body = {} as unknown } = {}) {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === "" ? undefined : JSON.parse(text)) as unknown };
  }

  async function signIn(name: string) {
    const body = { email: `${name}@example.com`, password: `${name}'s long password`, displayName: name };
    expect(await ask("POST", "/sign-up", { body })).toMatchObject({ status: 202 });
    return tokens.parse((await ask("POST", "/login", { body })).body);
  }
  const titles = async (token: string) => {
    const { body } = await ask("GET", "/documents", { token });
    return z
      .array(z.object({ title: z.string() }))
      .parse(body)
      .map(({ title }) => title);
  };

  it("gives each creator its own documents, and nobody another's", async () => {
    const [ann, bob] = [(await signIn("Ann")).accessToken, (await signIn("Bob")).accessToken];
    const made = await ask("POST", "/documents", {
      token: ann,
      body: { title: "Prices", content: "one two" },
    });
    expect(made).toMatchObject({ status: 201, body: { title: "Prices", version: 1 } });
    const { id } = document.parse(made.body);
    expect([await titles(ann), await titles(bob)]).toEqual([["Prices"], []]);

    const edit = { title: "New prices", content: "three", version: 1 };
    for (const [method, body] of [
      ["GET", {}],
      ["PUT", edit],
      ["DELETE", {}],
    ] as const)
      expect(await ask(method, `/documents/${id}`, { token: bob, body })).toMatchObject({ status: 404 });
    expect(await ask("GET", `/documents/${id}`, { token: ann })).toMatchObject({
      status: 200,
      body: { title: "Prices" },
    });

    expect(await ask("PUT", `/documents/${id}`, { token: ann, body: edit })).toMatchObject({
      body: { version: 2 },
    });
    expect(await ask("PUT", `/documents/${id}`, { token: ann, body: edit })).toMatchObject({ status: 409 });
    // The list was cached, and the change is seen all the same.
    expect(await titles(ann)).toEqual(["New prices"]);
    const twice = { title: "Again", content: "three" };
    expect(await ask("POST", "/documents", { token: ann, body: twice })).toMatchObject({ status: 409 });
    expect(await ask("POST", "/documents", { token: bob, body: twice })).toMatchObject({ status: 201 });
    expect(await ask("DELETE", `/documents/${id}`, { token: ann })).toMatchObject({ status: 204 });
    expect([await titles(ann), await titles(bob)]).toEqual([[], ["Again"]]);
  });

  it("lets nobody in without a token, with another's signature, or with a wrong password", async () => {
    const { accessToken } = await signIn("Cleo");
    const [head, claims] = accessToken.split(".");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`;
    for (const token of ["", "x", `${head}.${claims}.${"A".repeat(43)}`, unsigned])
      expect(await ask("GET", "/documents", { token })).toMatchObject({ status: 401 });
    for (const email of ["cleo@example.com", "nobody@example.com", "%", "' or true --"])
      expect(await ask("POST", "/login", { body: { email, password: "wrong" } })).toEqual({
        status: 401,
        body: { error: "unauthorized" },
      });
    expect(await ask("GET", "/documents/x", { token: accessToken })).toMatchObject({ status: 404 });
    expect(await ask("POST", "/documents", { token: accessToken, body: {} })).toMatchObject({ status: 400 });
  });

  it("does not tell whether an address is taken", async () => {
    const body = { email: "Dora@example.com", password: "a long password", displayName: "Dora" };
    const first = await ask("POST", "/sign-up", { body });
    const again = await ask("POST", "/sign-up", {
      body: { ...body, email: "dora@EXAMPLE.com", password: "another password" },
    });
    expect(again).toEqual(first);
    expect(await ask("POST", "/login", { body: { ...body, email: "DORA@example.com" } })).toMatchObject({
      status: 200,
    });
    expect(await ask("POST", "/login", { body: { ...body, password: "another password" } })).toMatchObject({
      status: 401,
    });
  });

  it("renews its tokens, each once, and ends them all when one is used a second time", async () => {
    const first = await signIn("Eve");
    const second = tokens.parse((await ask("POST", "/refresh", { body: first })).body);
    expect(await titles(second.accessToken)).toEqual([]);
    expect(await ask("POST", "/refresh", { body: first })).toMatchObject({ status: 401 });
    expect(await ask("POST", "/refresh", { body: second })).toMatchObject({ status: 401 });
    for (const token of [first.accessToken, second.accessToken])
      expect(await ask("GET", "/documents", { token })).toMatchObject({ status: 401 });
    const body = { email: "eve@example.com", password: "Eve's long password" };
    const next = tokens.parse((await ask("POST", "/login", { body })).body);
    expect(await titles(next.accessToken)).toEqual([]);
  });

  it("takes no token any more after its sign-out, and goes on for others", async () => {
    const [one, other] = [await signIn("Finn"), await signIn("Gil")];
    expect(await ask("POST", "/sign-out", { token: one.accessToken, body: one })).toMatchObject({
      status: 204,
    });
    expect(await ask("GET", "/documents", { token: one.accessToken })).toMatchObject({ status: 401 });
    expect(await ask("POST", "/refresh", { body: one })).toMatchObject({ status: 401 });
    expect(await titles(other.accessToken)).toEqual([]);
  });

  it("ends when it is told to, with nothing to complain about", async () => {
    service.child.kill("SIGTERM");
    expect(await service.ended).toMatchObject({ status: 0, stderr: "" });
  });
});
