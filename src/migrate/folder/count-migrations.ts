/** `1 migration`, `12 migrations`. */
export function countMigrations({ length }: readonly unknown[]): string {
  return `${length} ${length === 1 ? "migration" : "migrations"}`;
}
