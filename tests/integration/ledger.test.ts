import { describe, expect, it } from "vitest";
import { qualify } from "../../src/core/identifiers.js";
import type { LedgerPlace } from "../../src/migrate/ledger/ledger.js";
import {
  DEFAULT_LEDGER,
  ensureLedger,
  readLedger,
  recordMigration,
} from "../../src/migrate/ledger/ledger.js";
import { upgradeLedger } from "../../src/migrate/ledger/upgrade-ledger.js";
import { withDatabase } from "../../src/postgres/connect.js";
import { createEmptyDatabase } from "../support/databases.js";
import { migrateByDrizzle } from "../support/drizzle-migrate.js";
import { aMigration, makeFiles } from "../support/migration-folder.js";

const ODD: LedgerPlace = { schema: 'Ledger "ä"', table: "my migrations; drop" };
const first = aMigration({ name: "20260101000000_first", createdAt: Date.UTC(2026, 0, 1) });
const second = aMigration({ name: "20260102000000_second", createdAt: Date.UTC(2026, 0, 2) });

describe("the ledger", () => {
  it("is made where it is asked for, whatever the names, and drizzle-orm finds it there", async () => {
    const { admin, adminUrl } = await createEmptyDatabase();
    expect(await readLedger(admin, ODD)).toEqual([]);
    expect(await ensureLedger(admin, ODD)).toBe("named");
    expect(await ensureLedger(admin, ODD)).toBe("named");
    await recordMigration(admin, ODD, first);
    expect(await readLedger(admin, ODD)).toMatchObject([
      { id: 1, name: first.name, hash: first.hash, createdAt: first.createdAt, appliedAt: expect.any(Date) },
    ]);
    const folder = await makeFiles({ [`${first.name}/migration.sql`]: first.sql });
    await migrateByDrizzle("1.0", adminUrl, folder, ODD);
    expect(await readLedger(admin, ODD)).toHaveLength(1);
  });

  it("needs no right on the database where it is already there", async () => {
    const { admin, adminUrl, name } = await createEmptyDatabase();
    await ensureLedger(admin, DEFAULT_LEDGER);
    await admin.unsafe(`create role "${name}_m" login password 'm'; grant usage on schema drizzle to "${name}_m";
      grant select, insert, update on all tables in schema drizzle to "${name}_m"`);
    try {
      await withDatabase(asRole(adminUrl, `${name}_m`), {}, async (database) => {
        await ensureLedger(database, DEFAULT_LEDGER);
        expect(await readLedger(database, DEFAULT_LEDGER)).toEqual([]);
      });
    } finally {
      await admin.unsafe(`drop owned by "${name}_m"; drop role "${name}_m"`);
    }
  });

  it("keeps its shape under a folder in the old layout, and knows a name where it has them", async () => {
    const old = aMigration({
      name: "0000_a",
      layout: "journal",
      index: 0,
      createdAt: Date.UTC(2026, 0, 1, 0, 0, 0, 7),
    });
    const { admin } = await createEmptyDatabase();
    expect(await ensureLedger(admin, DEFAULT_LEDGER, [old])).toBe("unnamed");
    await recordMigration(admin, DEFAULT_LEDGER, old);
    expect(await upgradeLedger(admin, DEFAULT_LEDGER, [old])).toBe(0);
    expect(await readLedger(admin, DEFAULT_LEDGER)).toMatchObject([{ name: "", createdAt: old.createdAt }]);
    await ensureLedger(admin, ODD);
    await recordMigration(admin, ODD, old);
    expect(await readLedger(admin, ODD)).toMatchObject([
      { name: "20260101000000_a", createdAt: old.createdAt },
    ]);
  });

  it("is not changed if one of its rows is no migration of the folder, and that row is named", async () => {
    const { admin } = await createEmptyDatabase();
    const old = { layout: "journal" } as const;
    await ensureLedger(admin, DEFAULT_LEDGER, [old]);
    await recordMigration(admin, DEFAULT_LEDGER, first, "unnamed");
    await admin`insert into drizzle.__drizzle_migrations (hash) values ('by hand')`;
    await expect(upgradeLedger(admin, DEFAULT_LEDGER, [first, second])).rejects.toMatchObject({
      code: "migrations-folder",
      details: ["row 2 of the ledger (hash by hand, no time)"],
    });
    expect(await readLedger(admin, DEFAULT_LEDGER)).toMatchObject([{ name: "" }, { name: "" }]);
    await admin`delete from drizzle.__drizzle_migrations where id = 2`;
    await recordMigration(admin, DEFAULT_LEDGER, first, "unnamed");
    expect(await upgradeLedger(admin, DEFAULT_LEDGER, [first, second])).toBe(2);
    expect(await readLedger(admin, DEFAULT_LEDGER)).toMatchObject([
      { name: first.name, appliedAt: null },
      { name: first.name, appliedAt: null },
    ]);
  });

  it.each([
    [
      "a table of another kind",
      "create table NAME (version text)",
      /is no ledger .* it has no id, hash, created_at/,
    ],
    [
      "a view",
      "create view NAME as select 1 as id, ''::text as hash, 1::bigint as created_at",
      /it is no table/,
    ],
  ])("is not taken for %s that has its name", async (_, create, message) => {
    const { admin } = await createEmptyDatabase();
    const name = qualify(ODD.schema, ODD.table);
    await admin.unsafe(`create schema "Ledger ""ä"""; ${create.replace("NAME", () => name)}`);
    for (const use of [readLedger, ensureLedger]) {
      await expect(use(admin, ODD)).rejects.toMatchObject({
        code: "migrations-folder",
        message: expect.stringMatching(message),
      });
    }
  });

  it("is an error for a role that may not read it, or not all of it, and never empty", async () => {
    const { admin, adminUrl, name } = await createEmptyDatabase();
    await ensureLedger(admin, DEFAULT_LEDGER);
    await recordMigration(admin, DEFAULT_LEDGER, first);
    await admin.unsafe(`create role "${name}_r" login password 'r'`);
    try {
      await withDatabase(asRole(adminUrl, `${name}_r`), {}, async (database) => {
        const refusal = (message: RegExp) =>
          expect(readLedger(database, DEFAULT_LEDGER)).rejects.toMatchObject({
            code: "role-insufficient",
            message: expect.stringMatching(message),
          });
        await refusal(/may not read the ledger drizzle\.__drizzle_migrations/);
        await admin.unsafe(`grant usage on schema drizzle to "${name}_r"`);
        await refusal(/may not read/);
        await admin.unsafe(`grant select on drizzle.__drizzle_migrations to "${name}_r"`);
        expect(await readLedger(database, DEFAULT_LEDGER)).toHaveLength(1);
        await admin.unsafe("alter table drizzle.__drizzle_migrations enable row level security");
        await refusal(/hides rows of the ledger/);
      });
    } finally {
      await admin.unsafe(`drop owned by "${name}_r"; drop role "${name}_r"`);
    }
  });
});

function asRole(url: URL, role: string): URL {
  const copy = new URL(url);
  copy.username = role;
  copy.password = role.slice(-1);
  return copy;
}
