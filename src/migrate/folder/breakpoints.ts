/** What drizzle-kit writes between two statements. */
export const STATEMENT_BREAKPOINT = "--> statement-breakpoint";

/** The pieces of a migration that drizzle-orm would send one by one; empty ones are left out. */
export function splitBreakpoints(sql: string): string[] {
  return sql
    .split(STATEMENT_BREAKPOINT)
    .map((chunk) => chunk.trim())
    .filter((chunk) => chunk !== "");
}
