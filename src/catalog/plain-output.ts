import type { Transaction } from "./grants-json.js";

/**
 * What PostgreSQL's printed expressions depend on. A login or a database may have settings of its own (ALTER ROLE, ALTER
 * DATABASE … SET), and two databases are compared text by text.
 *
 * The search path is PostgreSQL's own, so that every name has its schema; with pg_temp last: a temporary table that is named
 * like a catalog would be read in its place.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  search_path: "pg_catalog, pg_temp",
  quote_all_identifiers: "off",
  timezone: "UTC",
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
};

const NAMES = Object.keys(SETTINGS);

/** Has expressions printed the same on every connection, until the transaction ends. Sent at once, without being awaited. */
export function setPlainOutput(session: Transaction): Promise<unknown> {
  const calls = NAMES.map((name) => `set_config('${name}', '${SETTINGS[name]}', true)`);
  return session.unsafe(`select ${calls.join(", ")}`).execute();
}

/** Keeps what was set before, for {@link restoreOutput}. Sent at once too. */
export function saveOutput(session: Transaction): Promise<unknown> {
  const calls = NAMES.map((name) => `set_config('tenantry.${name}', current_setting('${name}'), true)`);
  return session.unsafe(`select ${calls.join(", ")}`).execute();
}

/** Puts back what {@link saveOutput} has kept, in the same transaction. */
export function restoreOutput(session: Transaction): Promise<unknown> {
  const calls = NAMES.map((name) => `set_config('${name}', current_setting('tenantry.${name}'), true)`);
  return session.unsafe(`select ${calls.join(", ")}`).execute();
}
