import type { Session } from "./connect.js";

/** What a connection says about its server and its own role. */
export type ServerFacts = {
  /** Such as `18.4`. */
  readonly version: string;
  readonly major: number;
  readonly minor: number;
  readonly database: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly bypassesRowSecurity: boolean;
  readonly createsRoles: boolean;
  readonly readOnly: boolean;
};

/** Asks a connection for its {@link ServerFacts}: one round trip. */
export async function readServerFacts(session: Session): Promise<ServerFacts> {
  const [row] = await session<(Omit<ServerFacts, "major" | "minor"> & { version_num: number })[]>`
    select split_part(current_setting('server_version'), ' ', 1) as version,
           current_setting('server_version_num')::int as version_num,
           current_database() as database,
           current_user as role,
           rolsuper as superuser,
           rolbypassrls as "bypassesRowSecurity",
           rolcreaterole as "createsRoles",
           pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "readOnly"
    from pg_roles where rolname = current_user`;
  if (row === undefined) throw new Error("pg_roles has no row for current_user");
  const { version_num: versionNumber, ...facts } = row;
  return { ...facts, major: Math.floor(versionNumber / 10_000), minor: versionNumber % 10_000 };
}

/**
 * The first minor release of each major version that no longer leaks rows through a correct policy by
 * `INSERT … ON CONFLICT DO UPDATE … WHERE` (CVE-2026-120154; reproduced on 15.18, gone on 15.20).
 */
const PATCHED_MINOR: Readonly<Record<number, number>> = { 15: 20, 16: 16, 17: 12, 18: 7 };

/** The patched version that this server should be upgraded to, or undefined if it has the fix. */
export function missingPatch(facts: Pick<ServerFacts, "major" | "minor">): string | undefined {
  const patched = PATCHED_MINOR[facts.major];
  return patched === undefined || facts.minor >= patched ? undefined : `${facts.major}.${patched}`;
}
