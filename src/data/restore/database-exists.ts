import type { Session } from "../../postgres/connect.js";

/** Whether the server has a database of this name. */
export async function databaseExists(session: Session, name: string): Promise<boolean> {
  const rows = await session`select from pg_database where datname = ${name}`;
  return rows.length > 0;
}
