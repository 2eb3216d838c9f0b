import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import postgres from "postgres";
import { mustRun } from "../../e2e/support/run-command.js";
import type { BenchClient } from "./bench-client-kind.js";

const PACKAGES = ["@usebetterdev/tenant-drizzle@0.5.4", "drizzle-orm@0.45.4", "postgres@3.4.9"];

type Transaction = { execute(query: unknown): Promise<readonly { readonly creatorId: string }[]> };
type Adapter = { runWithTenant<T>(tenant: string, use: (tx: Transaction) => Promise<T>): Promise<T> };

/**
 * `@usebetterdev/tenant`'s adapter for Drizzle. It wants Node.js 22 and Drizzle 0.45, so it is installed into a folder of
 * its own, for this run. Its setting is called otherwise, which a policy of its own on the same table reads.
 */
export async function installBetterTenant(): Promise<{ client: BenchClient; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "tenantry-bench-peer-"));
  await mustRun({
    program: "npm",
    args: ["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", directory, ...PACKAGES],
    cwd: directory,
  });
  const require = createRequire(join(directory, "package.json"));
  const load = async (name: string) => await import(pathToFileURL(require.resolve(name)).href);
  const [{ drizzleDatabase }, { drizzle }, { sql }] = await Promise.all([
    load("@usebetterdev/tenant-drizzle"),
    load("drizzle-orm/postgres-js"),
    load("drizzle-orm"),
  ]);
  const client: BenchClient = {
    name: "@usebetterdev/tenant 0.5.4",
    open: async (url, max) => {
      const pool = postgres(url.href, { max, onnotice: () => {} });
      const { adapter } = drizzleDatabase(drizzle(pool)) as { adapter: Adapter };
      return {
        read: (tenant) =>
          adapter.runWithTenant(tenant, (tx) =>
            tx.execute(
              sql`select creator_id as "creatorId", id, title, created_at from better_isolated order by created_at desc limit 10`,
            ),
          ),
        close: () => pool.end(),
      };
    },
  };
  return { client, remove: () => rm(directory, { recursive: true, force: true }) };
}
