import { type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

/** What runs statements: a tenant's database, or a transaction of it. */
export type TokenSession = { execute(query: SQL): PromiseLike<unknown> };

/** What is used of the client that `connect()` gives. */
export type TokenDatabase = {
  as(
    tenant: string,
    options?: { readonly fresh?: boolean },
  ): TokenSession & {
    transaction<T>(use: (tx: TokenSession) => Promise<T>): Promise<T>;
  };
};

/** Columns and values, as `(a, b) values ($1, $2)`; without those whose column or value is undefined. */
export function valuesOf(given: readonly (readonly [AnyPgColumn | undefined, SQL | undefined])[]): SQL {
  const present = given.flatMap(([column, value]) =>
    column === undefined || value === undefined ? [] : [{ name: sql.identifier(column.name), value }],
  );
  const names = present.map(({ name }) => sql`${name}`);
  const values = present.map(({ value }) => value);
  return sql`(${sql.join(names, sql`, `)}) values (${sql.join(values, sql`, `)})`;
}

/** A moment as PostgreSQL reads it. */
export function moment(date: Date): SQL {
  return sql`cast(${date.toISOString()} as timestamptz)`;
}
