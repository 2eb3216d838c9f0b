/** One migration, in no tool's own form. */
export type BenchMigration = { readonly name: string; readonly sql: string };

/** A tool that applies migrations. */
export type BenchMigrator = {
  readonly name: string;
  /** Writes the migrations as the tool wants them; not measured. */
  readonly prepare: (migrations: readonly BenchMigration[]) => Promise<void>;
  /** Applies what is pending. */
  readonly migrate: (url: URL) => Promise<void>;
};

/** What a migration's time is made from: seconds after a fixed one, in order. */
export function stampOf(index: number): string {
  const moment = new Date(Date.UTC(2026, 0, 1) + index * 1000);
  return moment.toISOString().replace(/\D/g, "").slice(0, 14);
}
