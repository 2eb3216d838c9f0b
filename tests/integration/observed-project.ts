import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../src/core/logger.js";
import { NO_DIRECTIVES } from "../../src/migrate/folder/directives.js";
import type { Migration } from "../../src/migrate/folder/migration.js";
import type { PlanReport, StatementReport } from "../../src/migrate/observe/plan-report.js";
import { reportPlan } from "../../src/migrate/observe/report-plan.js";
import type { Database } from "../../src/postgres/connect.js";
import { serverUrl } from "../support/databases.js";

/** A migration that is only in memory. */
export function migrationOf(name: string, sql: string): Migration {
  const file = `drizzle/${name}/migration.sql`;
  return { name, file, sql, hash: `hash of ${sql}`, createdAt: 0, layout: "v1", directives: NO_DIRECTIVES };
}

/** Reports the plan of pending migrations on a target that has applied `base`. */
export async function observe(
  base: string,
  pending: readonly string[],
  target: Database,
  shadow: "shadow" | "no shadow" = "shadow",
): Promise<PlanReport> {
  const place = {
    server: new URL(serverUrl),
    connect: {},
    out: join(tmpdir(), "tenantry-observed"),
    signal: undefined,
    logger: silentLogger,
  };
  return await reportPlan({
    pending: pending.map((sql, index) => ({ ...migrationOf(`${index + 1}`, sql), state: "pending" })),
    show: (file) => file,
    shadow:
      shadow === "shadow"
        ? { place, applied: [migrationOf("base", base)] }
        : { unavailable: "there is no shadow" },
    target,
    adminRole: "app_admin",
    logger: silentLogger,
  });
}

/** A statement's effects in a few words, as the tables of cases have them. */
export function summarize({ effects, verdict }: StatementReport): string {
  const locks = effects.locks.map(({ table, mode }) => `${mode} ${table}`);
  const parts = [
    ["rewrites", effects.rewrites],
    ["builds", effects.indexed],
    ["reads", effects.scans],
    ["removes", effects.removes],
  ] as const;
  const work = parts
    .filter(([, tables]) => tables.length > 0)
    .map(([word, tables]) => `${word} ${tables.join("+")}`);
  return [locks.join(", ") || "no lock", ...work, verdict.class].join(" | ");
}
