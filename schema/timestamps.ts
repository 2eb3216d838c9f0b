import { timestamp } from "drizzle-orm/pg-core";

/** When the row was written. On its own for append-only tables. */
export const createdAt = () => timestamp("created_at", { withTimezone: true }).notNull().defaultNow();

/**
 * When the row was written and last changed. A trigger that the migrations carry keeps `updated_at`, so that raw SQL
 * cannot forget it; services never set it.
 */
export const timestamps = () => ({
  createdAt: createdAt(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});
