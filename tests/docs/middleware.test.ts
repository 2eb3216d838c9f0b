import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type TenantClient } from "tenantry/client";
import { documents } from "tenantry/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signUp } from "../integration/client-fixture.js";
import { createTestDatabase } from "../support/databases.js";
import { readBlocks, readPage } from "./support/markdown.js";
import { createSnippetProject, type SnippetProject } from "./support/snippet-project.js";

type Verify = (token: string) => Promise<{ sub: string }>;
type Middleware = (verify: Verify) => (...args: unknown[]) => unknown;

const sectionFolder = (section: string) => section.replaceAll(/\W+/g, "-");

let project: SnippetProject;
let db: TenantClient;
let ids: readonly string[];

/** A token is its owner's id here. */
const verify: Verify = async (token) => {
  if (!ids.includes(token)) throw new Error("forged");
  return { sub: token };
};

const load = async (section: string, file: string, name: string) =>
  (await project.load(`${sectionFolder(section)}/${file}`))[name] as Middleware;

const titles = async () => (await db.current.select().from(documents)).map(({ title }) => title);

beforeAll(async () => {
  const { serviceUrl } = await createTestDatabase();
  process.env.SERVICE_DATABASE_URL = serviceUrl.href;
  db = await connect({ url: serviceUrl, max: 3 });
  ids = await Promise.all(["Ann", "Bob"].map((name) => signUp(db, name)));
  const blocks = readBlocks(readPage("docs/middleware.md")).filter(({ language }) => language === "ts");
  project = createSnippetProject(blocks, ({ section }) => sectionFolder(section));
});

afterAll(async () => {
  project.remove();
  await db.close();
});

/** Serves with a framework's order of calls, and asks for both tenants at once, and for nobody. */
async function ask(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const tokens = [...ids, ...ids, "forged", undefined];
  const answers = await Promise.all(
    tokens.map(async (token) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`http://127.0.0.1:${port}/documents`, { headers });
      return response.status === 200 ? await response.json() : response.status;
    }),
  );
  await new Promise((resolve) => server.close(resolve));
  return answers;
}

const EXPECTED = [["Ann's"], ["Bob's"], ["Ann's"], ["Bob's"], 401, 401];

function answer(response: ServerResponse, thrown: unknown): void {
  if (thrown === undefined) {
    void titles().then(
      (found) => response.end(JSON.stringify(found)),
      (failed: unknown) => response.writeHead(500).end(String(failed)),
    );
    return;
  }
  response.writeHead((thrown as { status?: number }).status ?? 500).end();
}

describe("docs/middleware.md", () => {
  it("gives each request of Express and Fastify its tenant, and turns away who has none", async () => {
    for (const [section, file, name] of [
      ["Express", "express.ts", "forExpress"],
      ["Fastify", "fastify.ts", "forFastify"],
    ] as const) {
      const middleware = (await load(section, file, name))(verify);
      // Both call what comes next from inside the callback that they hand over.
      const answers = await ask((request, response) => {
        middleware(request, response, (thrown?: unknown) => answer(response, thrown));
      });
      expect(answers, name).toEqual(EXPECTED);
    }
  });

  it("gives each request of Hono its tenant, and turns away who has none", async () => {
    const middleware = (await load("Hono", "hono.ts", "forHono"))(verify);
    const answers = await ask(async (request, response) => {
      const context = { req: { header: (name: string) => request.headers[name] } };
      let found: unknown;
      const next = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        found = await titles();
      };
      try {
        await middleware(context, next);
        response.end(JSON.stringify(found));
      } catch (thrown) {
        answer(response, thrown);
      }
    });
    expect(answers).toEqual(EXPECTED);
  });

  it("gives each request of Next.js its tenant, and turns away who has none", async () => {
    type Wrap = (
      handle: () => Promise<Response>,
    ) => (request: Request, context: unknown) => Promise<Response>;
    const wrap = (await load("Next.js", "next.ts", "forNext"))(verify) as unknown as Wrap;
    const route = wrap(async () => Response.json(await titles()));
    const answers = await ask(async (request, response) => {
      const { authorization } = request.headers;
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const made = await route(new Request("http://here/documents", { headers }), {});
      response.writeHead(made.status).end(await made.text());
    });
    expect(answers).toEqual(EXPECTED);
  });

  it("takes the tenant from a resolver", async () => {
    const forHost = await load("With a resolver of your own", "for-host.ts", "forHost");
    const handle = forHost((async () => ids[1]) as never);
    expect(await handle(new Request("http://bob.example/"), titles)).toEqual(["Bob's"]);
  });
});
