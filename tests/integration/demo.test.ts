import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../../src/testing/index.js";
import { createTestDatabase } from "../support/databases.js";

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

/** As `make demo` runs it, only that the package is taken from its sources and not from its last build. */
async function runDemo(
  serviceUrl: string,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const alias = {
    "tenantry/client": path("src/client/index.ts"),
    "tenantry/schema": path("schema/index.ts"),
    tenantry: path("src/index.ts"),
  };
  const child = spawn(
    process.execPath,
    [path("node_modules/jiti/lib/jiti-cli.mjs"), path("examples/isolation.ts")],
    {
      env: { ...process.env, SERVICE_DATABASE_URL: serviceUrl, JITI_ALIAS: JSON.stringify(alias) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await ended, stdout, stderr };
}

describe("examples/isolation.ts", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  it("shows that five attempts to reach over fail, twice in a row, and leaves only its creators", async () => {
    const first = await runDemo(database.serviceUrl.href);
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toContain("Isolated: all five attempts failed.");
    expect(first.stdout.match(/no rows$|refused: (row-level security|foreign key)$/gm)).toHaveLength(5);
    expect(first.stdout).toMatch(/Without a creator +no documents/);
    expect(Math.max(...first.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(await runDemo(database.serviceUrl.href)).toEqual(first);
    const left = await database.admin`
      select (select count(*)::int from creators) as creators, (select count(*)::int from documents) as documents,
             (select count(*)::int from widget_configurations) as widgets`;
    expect(left[0]).toEqual({ creators: 2, documents: 0, widgets: 0 });
  });

  it("exits with 1 where a creator does see the other's rows", async () => {
    await database.admin.unsafe(`
      drop policy documents_floor on documents;
      create policy careless on documents to app_tenant using (true) with check (true);`);
    const { status, stdout } = await runDemo(database.serviceUrl.href);
    expect(status).toBe(1);
    expect(stdout).toContain("<- SUCCEEDED");
    expect(stdout).toContain("NOT ISOLATED");
  });

  it("says what to run where there is no database, and refuses a superuser", async () => {
    const unreachable = new URL(database.serviceUrl);
    unreachable.port = "1";
    const missing = await runDemo(unreachable.href);
    expect(missing.status).toBe(2);
    expect(missing.stderr).toContain("make db-init");
    expect(missing.stderr).not.toMatch(/^ +at /m);
    expect(await runDemo(database.adminUrl.href)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("is a superuser"),
    });
  });
});
