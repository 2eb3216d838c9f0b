import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { Database } from "../../src/postgres/connect.js";
import { inContext } from "./in-context.js";
import { ROW_FACTORIES, type Row } from "./row-factories.js";

/** A creator who has a row in every table. */
export type CreatorWithRows = {
  readonly id: string;
  /** Stands in every row. */
  readonly label: string;
  /** One row of each table, by the table's name, as the database has it. */
  readonly rows: Readonly<Record<string, postgres.Row>>;
  /** The ids of those that have one. */
  readonly parents: Readonly<Record<string, string>>;
};

/** Makes a creator and a row in every table, all by the service's login in the creator's context. */
export async function makeCreatorWithRows(service: Database, label: string): Promise<CreatorWithRows> {
  const id = randomUUID();
  const rows: Record<string, postgres.Row> = {};
  const parents: Record<string, string> = {};
  await inContext(service, id, async (sql) => {
    for (const [table, factory] of Object.entries(ROW_FACTORIES)) {
      const row = await insertRow(sql, table, factory.make(label, parents));
      rows[table] = row;
      if (typeof row.id === "string") parents[table] = row.id;
    }
  });
  return { id, label, rows, parents };
}

/** Inserts a row and returns all of it. */
export async function insertRow(sql: postgres.ISql, table: string, row: Row): Promise<postgres.Row> {
  const [inserted] = await sql`insert into ${sql(table)} ${sql(row)} returning *`;
  if (inserted === undefined) throw new Error(`nothing was inserted into ${table}`);
  return inserted;
}
