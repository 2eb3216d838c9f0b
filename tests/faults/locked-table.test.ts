import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../src/postgres/connect.js";
import { makeTemporaryFolder } from "../e2e/support/temporary-folder.js";
import { withTrialDatabase } from "./support/fault-trials.js";
import { startMigrator } from "./support/start-migrator.js";

vi.setConfig({ testTimeout: 300_000 });

describe("a table that another session keeps locked", () => {
  it("is tried again, and given up cleanly when the budget is spent", async () => {
    const folder = await makeTemporaryFolder();
    const name = "20260101000001_busy";
    await mkdir(join(folder, name));
    await writeFile(
      join(folder, name, "migration.sql"),
      "-- tenantry: lock_timeout=100ms\ncreate table made (id int);\n--> statement-breakpoint\nalter table busy add column more int;",
    );
    await withTrialDatabase(async ({ adminUrl, admin }) => {
      await admin.unsafe("create table busy (id int)");
      const other = await openDatabase(adminUrl);
      const reserved = await other.reserve();
      await reserved.unsafe("begin; lock table busy in access share mode");
      const end = await startMigrator(adminUrl, folder, { LOCK_BUDGET_SECONDS: "2" }).ended;
      expect(end).toMatchObject({ status: 2, outcome: { code: "lock-timeout" } });
      expect(end.progress).toMatch(/again|retry/i);
      expect(await admin`select to_regclass('made') as made`).toEqual([{ made: null }]);

      await reserved.unsafe("rollback");
      reserved.release();
      await other.end();
      expect(await startMigrator(adminUrl, folder).ended).toMatchObject({ status: 0 });
      expect(await admin`select more from busy`).toEqual([]);
    });
  });
});
