import { index, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { Database } from "../../../src/postgres/connect.js";

const columns = {
  creatorId: uuid("creator_id").notNull(),
  id: uuid("id").notNull(),
  title: text("title").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
};

/** Behind its policy and floor. */
export const isolated = pgTable("isolated", columns, (t) => [
  primaryKey({ columns: [t.creatorId, t.id] }),
  index("isolated_creator_id_created_at_idx").on(t.creatorId, t.createdAt),
]);

/** The same rows without row security. */
export const open = pgTable("open", columns, (t) => [
  primaryKey({ columns: [t.creatorId, t.id] }),
  index("open_creator_id_created_at_idx").on(t.creatorId, t.createdAt),
]);

/** Tenant n of so many. */
export const tenantId = (number: number): string =>
  `00000000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;

/**
 * Makes both tables with so many rows of so many tenants; the first tenant owns half of them, the others share the rest.
 */
export async function makeTables(database: Database, rows: number, tenants: number): Promise<void> {
  const tenant = "(select nullif(current_setting('app.creator_id', true), '')::uuid)";
  for (const name of ["isolated", "open"]) {
    await database.unsafe(`
      create table ${name} (creator_id uuid not null, id uuid not null, title text not null, created_at timestamptz not null);
      insert into ${name}
      select ('00000000-0000-7000-8000-' || lpad(to_hex(case when n % 2 = 0 then 0 else 1 + (n / 2) % (${tenants} - 1) end), 12, '0'))::uuid,
             gen_random_uuid(), 'title ' || n, timestamptz '2026-01-01' + n * interval '1 second'
      from generate_series(1, ${rows}) as n;
      alter table ${name} add primary key (creator_id, id);
      create index ${name}_creator_id_created_at_idx on ${name} (creator_id, created_at);
      grant select, insert, update, delete on ${name} to app_tenant;`);
    // Else a table whose pages are known to be visible, since autovacuum was there, is held against one without.
    await database.unsafe(`vacuum analyze ${name}`);
  }
  await database.unsafe(`
    alter table isolated enable row level security;
    alter table isolated force row level security;
    create policy isolated_tenant on isolated to app_tenant using (creator_id = ${tenant}) with check (creator_id = ${tenant});
    create policy isolated_floor on isolated as restrictive to app_tenant using (creator_id = ${tenant}) with check (creator_id = ${tenant});`);
}
