import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { drizzle as drizzleV0 } from "drizzle-orm-v0/postgres-js";
import { migrate as migrateV0 } from "drizzle-orm-v0/postgres-js/migrator";
import postgres from "postgres";
import type { LedgerPlace } from "../../src/migrate/ledger/ledger.js";
import { DEFAULT_LEDGER } from "../../src/migrate/ledger/ledger.js";

/** Migrates as drizzle-orm does by itself: 1.0, or 0.45 for a folder in the old layout. */
export async function migrateByDrizzle(
  version: "1.0" | "0.45",
  url: URL,
  folder: string,
  place: LedgerPlace = DEFAULT_LEDGER,
): Promise<void> {
  const config = { migrationsFolder: folder, migrationsSchema: place.schema, migrationsTable: place.table };
  const client = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    await (version === "1.0"
      ? migrate(drizzle({ client }), config)
      : migrateV0(drizzleV0({ client }), config));
  } finally {
    await client.end();
  }
}
