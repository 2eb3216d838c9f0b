import type { Migration } from "./migration.js";

/**
 * The name under which drizzle-orm 1.0 knows a migration in its ledger: its own, or, in the old layout, that of the folder
 * into which `drizzle-kit up` moves it.
 *
 * @example convertedName({ layout: "journal", name: "0001_add", createdAt: 0 }) // 19700101000000_add
 */
export function convertedName(migration: Pick<Migration, "layout" | "name" | "createdAt">): string {
  if (migration.layout === "v1") return migration.name;
  const time = new Date(migration.createdAt).toISOString().replaceAll(/\D/g, "").slice(0, 14);
  const [, ...rest] = migration.name.split("_");
  return `${time}_${rest.join("_")}`;
}
